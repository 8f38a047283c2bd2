import type { Value } from "../onnx/value.ts";
import type { DataType } from "../tensor/data-type.ts";
import { type Tensor, tensor, toNumbers } from "../tensor/tensor.ts";
import type { LowerContext } from "./define.ts";

/** Smallest and largest number of the dtypes that floats are rounded to. */
const RANGES: ReadonlyMap<DataType, readonly [low: number, high: number]> = new Map([
  ["int8", [-128, 127]],
  ["uint8", [0, 255]],
  ["int16", [-32768, 32767]],
  ["uint16", [0, 65535]],
  ["int4", [-8, 7]],
  ["uint4", [0, 15]],
]);

/**
 * A DequantizeLinear of a QuantizeLinear with the same constant scale and zero point, as models that were made ready for
 * small integers hold them around weights and activations. Its values stay as they are. As derivative it gets that of the
 * clipping to the range of the integers, for rounding has none: 1 inside the range, 0 outside.
 *
 *     y = c + stop(DequantizeLinear(QuantizeLinear(x)) − c),   c = clip(x, (low − zero) scale, (high − zero) scale)
 *
 * Bengio, Léonard and Courville, "Estimating or propagating gradients through stochastic neurons", 2013; PyTorch's
 * fake_quantize has the same derivative.
 *
 * @returns null if the node is no such pair
 */
export function straightThrough(ctx: LowerContext): readonly Value[] | null {
  const { node, b } = ctx;
  const quantize = ctx.input(0).producer;
  if (quantize?.opType !== "QuantizeLinear" || quantize.domain !== node.domain) return null;
  const x = quantize.input(0);
  const scale = ctx.input(1);
  const range = RANGES.get(ctx.input(0).dtype);
  const isPaired = sameNumbers(quantize.inputs[1], scale) && sameNumbers(quantize.inputs[2], ctx.optional(2));
  if (
    !range ||
    !isPaired ||
    scale.constant === null ||
    x.dtype !== scale.dtype ||
    node.int("block_size", 0) !== 0
  )
    return null;
  const dims = boundDims(ctx, x, scale);
  const [low, high] = range.map((end) => b.constant(bound(ctx, end, dims)));
  const clipped = b.op("Max", [b.op("Min", [x, high!]), low!]); // a range has two ends
  const rounded = b.op(
    "DequantizeLinear",
    node.inputs.map((_, i) => ctx.optional(i)),
    Object.fromEntries(node.attributes),
    node.domain,
  );
  return [b.add(clipped, ctx.detach(b.sub(rounded, clipped)))];
}

/** The shape in which one bound per scale broadcasts against x. */
function boundDims(ctx: LowerContext, x: Value, scale: Value): readonly number[] {
  if (scale.dims.length !== 1 || scale.dims[0] === 1) return [];
  const axis = ctx.axis(ctx.node.int("axis", 1), x.dims.length);
  return x.dims.map((size, i) => (i === axis ? size : 1));
}

function bound({ input, optional }: LowerContext, end: number, dims: readonly number[]): Tensor {
  const scales = toNumbers(input(1).constant!); // checked by the caller
  const zeros = optional(2)?.constant ? toNumbers(optional(2)!.constant!) : [];
  return tensor(
    "float32",
    dims,
    Float32Array.from(scales, (s, i) => (end - (zeros[i] ?? zeros[0] ?? 0)) * s),
  );
}

function sameNumbers(a: Value | null | undefined, b: Value | null): boolean {
  if (!a || !b) return !a && !b;
  if (a === b) return true;
  if (a.constant === null || b.constant === null || a.constant.data.length !== b.constant.data.length)
    return false;
  const other = b.constant.data;
  return a.constant.dtype === b.constant.dtype && [...a.constant.data].every((v, i) => v === other[i]);
}
