import { ModelError } from "../errors.ts";
import type { Node } from "../onnx/node.ts";
import { dequantizedBlocks } from "../ops/block-quantized.ts";
import { inFloat32 } from "../tensor/half-tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { storedWeight } from "./layer-weights.ts";
import { transposed } from "./matrix.ts";
import type { Site } from "./site.ts";

/** Integers that lie one in each element of their array. */
const WHOLE: ReadonlySet<string> = new Set(["int8", "uint8", "int16", "uint16", "int32"]);

/**
 * What a linear layer's quantised weight stands for, float32 [out, in].
 *
 * @throws ModelError for forms of DequantizeLinear that are not read: blocks, packed integers, scales that are computed
 */
export function dequantizedWeight(site: Site): Float32Array {
  const node = site.uses[0]!.node; // a site is found by a use
  if (node.opType === "MatMulNBits") return dequantizedBlocks(node);
  const unpacking = dequantizing(node);
  const stored = storedWeight(site.weight);
  const [scale, zero] = [storedInput(unpacking, 1), storedInput(unpacking, 2)];
  const isReadable =
    stored && WHOLE.has(stored.dtype) && scale && unpacking?.int("block_size", 0) === 0 && zero !== undefined;
  if (!isReadable) {
    throw new ModelError(
      `"${site.module}": its quantised weight (${stored?.dtype ?? "computed"}, ${unpacking?.describe() ?? "no DequantizeLinear"}) is not read here; ` +
        "8-bit integers with a stored scale, and MatMulNBits, are. Start from the model in float32 or float16",
    );
  }
  const [rows, columns] = stored.dims as [number, number]; // a site's weight has two axes
  const axis = (unpacking.int("axis", 1) + 2) % 2;
  const placeOf = (i: number) =>
    scale.dims.length === 0 || scale.data.length === 1
      ? 0
      : axis === 0
        ? Math.floor(i / columns)
        : i % columns;
  const scales = inFloat32(scale).data;
  // W = (q − zero point) · scale, https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
  const flat = Float32Array.from({ length: rows * columns }, (_, i) => {
    const at = placeOf(i);
    return (Number(stored.data[i]) - Number(zero?.data[at] ?? 0)) * Number(scales[at]);
  });
  return site.isTransposed ? transposed(flat, rows, columns) : flat;
}

/** The DequantizeLinear before a product's weight. */
function dequantizing(product: Node): Node | undefined {
  let node = product.inputs[1]?.producer;
  while (node && node.opType !== "DequantizeLinear") node = node.inputs[0]?.producer;
  return node ?? undefined;
}

/** A stored input; null if it is left out, undefined if it is computed. */
function storedInput(node: Node | undefined, index: number): Tensor | null | undefined {
  const value = node?.inputs[index];
  return value ? (storedWeight(value) ?? undefined) : null;
}
