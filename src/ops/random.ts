import type { TensorType } from "../onnx/type.ts";
import { dtypeAttribute } from "./casting.ts";
import { defineOp, type InferContext, LATEST, type OpDef } from "./define.ts";

/** Operators that draw random numbers, anew at each run. What they draw does not depend smoothly on any input. */
export const randomOps: readonly OpDef[] = [
  /** RandomNormal(): https://onnx.ai/onnx/operators/onnx__RandomNormal.html */
  defineOp({ opType: "RandomNormal", opsets: [1, LATEST], random: true, infer: inferShaped, vjp: "zero" }),
  /** RandomUniform(): https://onnx.ai/onnx/operators/onnx__RandomUniform.html */
  defineOp({ opType: "RandomUniform", opsets: [1, LATEST], random: true, infer: inferShaped, vjp: "zero" }),
  /** RandomNormalLike(input): https://onnx.ai/onnx/operators/onnx__RandomNormalLike.html */
  defineOp({ opType: "RandomNormalLike", opsets: [1, LATEST], random: true, infer: inferLike, vjp: "zero" }),
  /** RandomUniformLike(input): https://onnx.ai/onnx/operators/onnx__RandomUniformLike.html */
  defineOp({ opType: "RandomUniformLike", opsets: [1, LATEST], random: true, infer: inferLike, vjp: "zero" }),
  /** Bernoulli(input): 1 with the probability given. https://onnx.ai/onnx/operators/onnx__Bernoulli.html */
  defineOp({ opType: "Bernoulli", opsets: [15, LATEST], random: true, infer: inferLike, vjp: "zero" }),
  /** Multinomial(input): draws from log-probabilities [B, C]. https://onnx.ai/onnx/operators/onnx__Multinomial.html */
  defineOp({
    opType: "Multinomial",
    opsets: [7, LATEST],
    random: true,
    infer: (ctx) => [
      {
        dtype: dtypeAttribute(ctx.node, "dtype", "int32"),
        dims: [ctx.dims(0)[0] ?? ctx.fail("takes [B, C]"), ctx.node.int("sample_size", 1)],
      },
    ],
    vjp: "zero",
  }),
];

function inferShaped({ node }: InferContext): readonly TensorType[] {
  return [{ dtype: dtypeAttribute(node, "dtype", "float32"), dims: node.ints("shape") }];
}

function inferLike(ctx: InferContext): readonly TensorType[] {
  return [{ dtype: dtypeAttribute(ctx.node, "dtype", ctx.dtype(0)), dims: ctx.dims(0) }];
}
