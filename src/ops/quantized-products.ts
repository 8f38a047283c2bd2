import type { TensorType } from "../onnx/type.ts";
import type { DataType } from "../tensor/data-type.ts";
import { broadcastShapes } from "../tensor/shape.ts";
import { defineOp, type InferContext, LATEST, type OpDef } from "./define.ts";
import { windowsOf } from "./windows.ts";

const vjp = {
  none: "its inputs are rounded to small integers; start from the model that was not quantised",
} as const;

/** Products of small integers. They are typed, so that a model may hold them before what is trained. */
export const quantizedProductOps: readonly OpDef[] = [
  /** MatMulInteger(A, B, …): int32. https://onnx.ai/onnx/operators/onnx__MatMulInteger.html */
  defineOp({
    opType: "MatMulInteger",
    opsets: [10, LATEST],
    infer: (ctx) => [{ dtype: "int32", dims: productDims(ctx, 0, 1) }],
    vjp,
  }),
  /** QLinearMatMul(a, a_scale, a_zero_point, b, …). https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html */
  defineOp({
    opType: "QLinearMatMul",
    opsets: [10, LATEST],
    infer: (ctx) => [{ dtype: ctx.dtype(7), dims: productDims(ctx, 0, 3) }],
    vjp,
  }),
  /** ConvInteger(x, w, …): int32. https://onnx.ai/onnx/operators/onnx__ConvInteger.html */
  defineOp({
    opType: "ConvInteger",
    opsets: [10, LATEST],
    infer: (ctx) => convType(ctx, 1, "int32"),
    vjp,
  }),
  /** QLinearConv(x, x_scale, x_zero_point, w, …). https://onnx.ai/onnx/operators/onnx__QLinearConv.html */
  defineOp({
    opType: "QLinearConv",
    opsets: [10, LATEST],
    infer: (ctx) => convType(ctx, 3, ctx.dtype(7)),
    vjp,
  }),
];

/** Shape of the product of inputs `i` and `j`. */
function productDims(ctx: InferContext, i: number, j: number): readonly number[] {
  const [a, c] = [ctx.dims(i), ctx.dims(j)];
  const batch =
    broadcastShapes(a.slice(0, -2), c.slice(0, -2)) ??
    ctx.fail(`batch axes of [${a}] and [${c}] do not broadcast`);
  return [...batch, ...(a.length > 1 ? [a.at(-2)!] : []), ...(c.length > 1 ? [c.at(-1)!] : [])];
}

function convType(ctx: InferContext, weight: number, dtype: DataType): readonly TensorType[] {
  const [x, w] = [ctx.dims(0), ctx.dims(weight)];
  const { output } = windowsOf(ctx.node, x.slice(2), w.slice(2));
  return [{ dtype, dims: [x[0]!, w[0]!, ...output] }];
}
