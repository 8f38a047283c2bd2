import type { TensorType } from "../onnx/type.ts";
import { defineOp, type InferContext, LATEST, type OpDef, type VjpContext } from "./define.ts";

/** Reductions over axes, and running sums. */
export const reductionOps: readonly OpDef[] = [
  /** ReduceSum(data, axes): sums over axes. https://onnx.ai/onnx/operators/onnx__ReduceSum.html */
  defineOp({
    opType: "ReduceSum",
    opsets: [13, LATEST],
    reads: [1],
    infer: inferReduce,
    vjp: (ctx) => [ctx.b.expand(keptDims(ctx, ctx.ct), ctx.node.input(0).dims), null],
  }),
];

/** The axes a reduction runs over, counted from the front: all of them if none are given, unless that means none. */
function axesOf(ctx: InferContext | VjpContext): readonly number[] {
  const rank = ctx.node.input(0).dims.length;
  const axes = (ctx.node.inputs.length > 1 ? ctx.numbers(1) : null) ?? [];
  if (axes.length > 0) return axes.map((a) => ctx.axis(a, rank));
  return ctx.node.int("noop_with_empty_axes", 0) === 1 ? [] : Array.from({ length: rank }, (_, i) => i);
}

function inferReduce(ctx: InferContext): readonly TensorType[] {
  const axes = new Set(axesOf(ctx));
  const keep = ctx.node.int("keepdims", 1) === 1;
  const dims = ctx.dims(0).flatMap((d, i) => (axes.has(i) ? (keep ? [1] : []) : [d]));
  return [{ dtype: ctx.dtype(0), dims }];
}

/** A value of the reduced shape with the reduced axes put back as ones. */
function keptDims(ctx: VjpContext, value: VjpContext["ct"]): VjpContext["ct"] {
  const axes = new Set(axesOf(ctx));
  return ctx.b.reshape(
    value,
    ctx.node.input(0).dims.map((d, i) => (axes.has(i) ? 1 : d)),
  );
}
