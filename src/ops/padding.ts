import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { int64s } from "../tensor/tensor.ts";
import {
  defineComposite,
  defineOp,
  type InferContext,
  LATEST,
  type OpDef,
  type VjpContext,
} from "./define.ts";
import { scatterGathered } from "./scatter-rules.ts";

/** Operators that pad, crop and repeat. */
export const paddingOps: readonly OpDef[] = [
  /** Pad before opset 11: pads and value are attributes. */
  defineComposite({
    opType: "Pad",
    opsets: [2, 10],
    lower: ({ b, node, input }) => {
      const x = input(0);
      const mode = node.string("mode", "constant");
      const fill = mode === "constant" ? [b.scalar(node.float("value", 0), x.dtype)] : [];
      return [b.op("Pad", [x, b.ints(node.ints("pads")), ...fill], { mode })];
    },
  }),
  /** Pad(data, pads, constant_value, axes). Negative pads crop. https://onnx.ai/onnx/operators/onnx__Pad.html */
  defineOp({ opType: "Pad", opsets: [11, LATEST], reads: [1, 3], infer: inferPad, vjp: padVjp }),
  /** Tile(input, repeats). https://onnx.ai/onnx/operators/onnx__Tile.html */
  defineOp({ opType: "Tile", opsets: [6, LATEST], reads: [1], infer: inferTile, vjp: tileVjp }),
  /** CenterCropPad(input, shape): cropped and zero-padded around its centre. https://onnx.ai/onnx/operators/onnx__CenterCropPad.html */
  defineComposite({
    opType: "CenterCropPad",
    opsets: [18, LATEST],
    reads: [1],
    lower: ({ b, node, input, numbers, axis }) => {
      const x = input(0);
      const target = numbers(1) ?? node.fail("input 1 (shape) is missing");
      const axes = node.ints(
        "axes",
        x.dims.map((_, i) => i),
      );
      const begin = x.dims.map(() => 0);
      const end = x.dims.map(() => 0);
      axes.forEach((a, i) => {
        const at = axis(a, x.dims.length);
        const missing = target[i]! - x.dims[at]!; // negative: to be cropped
        begin[at] = missing < 0 ? -Math.floor(-missing / 2) : Math.floor(missing / 2);
        end[at] = missing - begin[at]!;
      });
      return [b.pad(x, begin, end)];
    },
  }),
];

/** Elements to add (negative: to remove) before and after each axis. */
function padsOf(ctx: InferContext | VjpContext): { begin: number[]; end: number[] } {
  const rank = ctx.node.input(0).dims.length;
  const pads = ctx.numbers(1) ?? ctx.node.fail("input 1 (pads) is missing");
  const axes = ctx.numbers(3)?.map((a) => ctx.axis(a, rank)) ?? Array.from({ length: rank }, (_, i) => i);
  if (pads.length !== 2 * axes.length)
    ctx.node.fail(`${pads.length} pads do not fit ${axes.length} axes: two for each are expected`);
  const begin = new Array<number>(rank).fill(0);
  const end = new Array<number>(rank).fill(0);
  axes.forEach((axis, i) => {
    begin[axis] = pads[i]!;
    end[axis] = pads[axes.length + i]!;
  });
  return { begin, end };
}

function inferPad(ctx: InferContext): readonly TensorType[] {
  const { begin, end } = padsOf(ctx);
  const dims = ctx.dims(0).map((d, i) => d + begin[i]! + end[i]!);
  if (dims.some((d) => d < 0)) ctx.fail(`pads crop [${ctx.dims(0)}] to the negative shape [${dims}]`);
  return [{ dtype: ctx.dtype(0), dims }];
}

function padVjp(ctx: VjpContext): readonly (Value | null)[] {
  const { b, node, ct, needs } = ctx;
  const { begin, end } = padsOf(ctx);
  const mode = node.string("mode", "constant");
  if (mode !== "constant") return [needs(0) ? foldBack(ctx, mode, begin, end) : null];
  const inner = b.pad(
    ct,
    begin.map((p) => -p),
    end.map((p) => -p),
  );
  if (!needs(2)) return [inner];
  // The fill value gets what lies outside of the data's cotangent.
  const all = ct.dims.map((_, i) => i);
  const outside = b.sub(b.reduceSum(ct, all, false), b.reduceSum(inner, all, false));
  return [inner, null, b.reshape(outside, node.input(2).dims)];
}

/** Axis by axis, each padded element adds its cotangent to the element that it repeats. */
function foldBack(
  { b, node, ct }: VjpContext,
  mode: string,
  begin: readonly number[],
  end: readonly number[],
): Value {
  let folded = ct;
  node.input(0).dims.forEach((length, axis) => {
    if (begin[axis] === 0 && end[axis] === 0) return;
    const indices = sourceIndices(mode, length, begin[axis]!, end[axis]!);
    const dims = folded.dims.map((d, i) => (i === axis ? length : d));
    folded = scatterGathered(b, folded, { dims, axis, indices: b.constant(int64s(indices)) });
  });
  return folded;
}

/** For each place of the padded axis, the place of the input that it shows. Crops come first, then padding of the rest. */
function sourceIndices(mode: string, length: number, begin: number, end: number): number[] {
  const first = Math.max(0, -begin);
  const kept = length - first - Math.max(0, -end);
  const before = Math.max(0, begin);
  return Array.from({ length: before + kept + Math.max(0, end) }, (_, i) => {
    const at = i - before;
    return (
      first + (mode === "edge" ? clamp(at, kept) : mode === "wrap" ? modulo(at, kept) : reflect(at, kept))
    );
  });
}

function clamp(at: number, length: number): number {
  return Math.min(length - 1, Math.max(0, at));
}

function modulo(at: number, length: number): number {
  return ((at % length) + length) % length;
}

/** Mirrors at the first and last element, which are not repeated. */
function reflect(at: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const phase = modulo(at, period);
  return phase < length ? phase : period - phase;
}

function inferTile(ctx: InferContext): readonly TensorType[] {
  const repeats = ctx.numbers(1) ?? ctx.fail("input 1 (repeats) is missing");
  if (repeats.length !== ctx.dims(0).length) ctx.fail(`repeats [${repeats}] do not fit [${ctx.dims(0)}]`);
  return [{ dtype: ctx.dtype(0), dims: ctx.dims(0).map((d, i) => d * repeats[i]!) }];
}

/** The sum over all copies. */
function tileVjp({ b, node, ct, numbers }: VjpContext): readonly (Value | null)[] {
  const { dims } = node.input(0);
  const repeats = numbers(1) ?? node.fail("input 1 (repeats) is missing");
  const split: number[] = [];
  const copies: number[] = [];
  dims.forEach((d, i) => {
    if (repeats[i] !== 1) copies.push(split.push(repeats[i]!) - 1);
    split.push(d);
  });
  return [b.reshape(b.reduceSum(b.reshape(ct, split), copies, false), dims), null];
}
