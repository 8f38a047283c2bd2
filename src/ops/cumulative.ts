import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { defineOp, type InferContext, LATEST, type OpDef, type VjpContext } from "./define.ts";
import { isEqual, oneForZero } from "./rule-parts.ts";

/** Running sums and products along an axis. */
export const cumulativeOps: readonly OpDef[] = [
  /** CumSum(x, axis). https://onnx.ai/onnx/operators/onnx__CumSum.html */
  defineOp({
    opType: "CumSum",
    opsets: [11, LATEST],
    reads: [1],
    infer: inferCumulative,
    vjp: (ctx) => [sumBack(ctx, ctx.ct), null], // dx_k = Σ_{i ≥ k} dy_i
  }),
  /** CumProd(x, axis). https://onnx.ai/onnx/operators/onnx__CumProd.html */
  defineOp({
    opType: "CumProd",
    opsets: [26, LATEST],
    reads: [1],
    infer: inferCumulative,
    vjp: (ctx) => [productVjp(ctx), null],
  }),
];

function inferCumulative(ctx: InferContext): readonly TensorType[] {
  const axis = ctx.numbers(1)?.[0] ?? ctx.fail("input 1 (axis) is missing");
  ctx.axis(axis, ctx.dims(0).length);
  return [ctx.type(0)];
}

/** The running sum along the node's axis from the far end. */
function sumBack({ b, node }: VjpContext, v: Value): Value {
  return b.op("CumSum", [v, node.input(1)], {
    exclusive: node.int("exclusive", 0),
    reverse: 1 - node.int("reverse", 0),
  });
}

/**
 * dx_k = Σ_{i ≥ k} dy_i Π_{j ≤ i, j ≠ k} x_j = (Σ_{i ≥ k} dy_i y_i) / x_k, as long as no x is 0. At the first 0 the
 * product is taken with 1 in its place; behind it nothing depends on x any more.
 */
function productVjp(ctx: VjpContext): Value {
  const { b, node, ct } = ctx;
  const [x, axis] = [node.input(0), node.input(1)];
  const reverse = node.int("reverse", 0);
  const isZero = isEqual(b, x, b.scalar(0, x.dtype), x.dtype);
  const zerosSoFar = b.op("CumSum", [isZero, axis], { reverse });
  const isFirst = b.op("Equal", [b.mul(isZero, zerosSoFar), b.scalar(1, x.dtype)]);
  const replaced = b.op("CumProd", [b.where(isFirst, b.scalar(1, x.dtype), x), axis], {
    exclusive: node.int("exclusive", 0),
    reverse,
  });
  const sum = b.where(isFirst, sumBack(ctx, b.mul(ct, replaced)), sumBack(ctx, b.mul(ct, node.output())));
  return b.div(sum, oneForZero(b, x));
}
