import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { defineOp, type InferContext, LATEST, type OpDef, type VjpContext } from "./define.ts";
import { next, sumsBehind } from "./running-products.ts";

/** Running sums and products along an axis. */
export const cumulativeOps: readonly OpDef[] = [
  /** CumSum(x, axis). https://onnx.ai/onnx/operators/onnx__CumSum.html */
  defineOp({
    opType: "CumSum",
    opsets: [11, LATEST],
    reads: [1],
    infer: inferCumulative,
    // dx_k = Σ_{i ≥ k} dy_i: the running sum from the far end
    vjp: ({ b, node, ct }) => {
      const [exclusive, reverse] = [node.int("exclusive", 0), 1 - node.int("reverse", 0)];
      return [b.op("CumSum", [ct, node.input(1)], { exclusive, reverse }), null];
    },
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

/**
 * With the product of the elements before x_k and sums over the places behind it, none of which divides by x:
 *
 *     dx_k = Π_{j < k} x_j · s_k,   s_k = dy_k + x_{k+1} s_{k+1};   exclusive: s_k = dy_{k+1} + x_{k+1} s_{k+1}
 */
function productVjp(ctx: VjpContext): Value {
  const { b, node, ct } = ctx;
  const [x, axis] = [node.input(0), node.input(1)];
  const reverse = node.int("reverse", 0);
  const run = { axis: ctx.axis(ctx.numbers(1)![0]!, x.dims.length), reverse: reverse === 1 }; // typed, so it has an axis
  const before = b.op("CumProd", [x, axis], { exclusive: 1, reverse });
  const terms = node.int("exclusive", 0) === 1 ? next(b, ct, run) : ct;
  return b.mul(before, sumsBehind(b, terms, x, run));
}
