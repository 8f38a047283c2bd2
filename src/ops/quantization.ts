import type { TensorType } from "../onnx/type.ts";
import { dtypeAttribute } from "./casting.ts";
import { defineOp, type InferContext, LATEST, type OpDef, type PrimitiveOp } from "./define.ts";
import { straightThrough } from "./straight-through.ts";

const SCALES_ARE_FROZEN =
  "the scales of quantised weights are not trained; start from the model in float32 or float16";

/**
 * Conversion between floats and small integers. Quantised weights that nobody trains are folded to floats; floats that are
 * rounded and read back are differentiated straight through.
 */
export const quantizationOps: readonly OpDef[] = [
  /** DequantizeLinear(x, x_scale, x_zero_point). https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html */
  dequantize({ opsets: [10, LATEST] }),
  /** The same in ONNX Runtime's domain, which had 16 bits earlier. */
  dequantize({ domain: "com.microsoft", opsets: [1, 1] }),
  /** QuantizeLinear(x, y_scale, y_zero_point): rounded, so locally constant. https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html */
  quantize({ opsets: [10, LATEST] }),
  quantize({ domain: "com.microsoft", opsets: [1, 1] }),
  /** DynamicQuantizeLinear(x): uint8 values, their scale and zero point. https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html */
  defineOp({
    opType: "DynamicQuantizeLinear",
    opsets: [11, LATEST],
    infer: (ctx) => [
      { dtype: "uint8", dims: ctx.dims(0) },
      { dtype: "float32", dims: [] },
      { dtype: "uint8", dims: [] },
    ],
    vjp: { none: "rounding has no useful derivative; start from the model that was not quantised" },
  }),
];

function dequantize(where: Pick<PrimitiveOp, "domain" | "opsets">): OpDef {
  return defineOp({
    ...where,
    opType: "DequantizeLinear",
    reads: [1, 2],
    rewrite: straightThrough,
    infer: (ctx) => [{ dtype: dtypeAttribute(ctx.node, "output_dtype", ctx.dtype(1)), dims: ctx.dims(0) }],
    vjp: { none: SCALES_ARE_FROZEN },
  });
}

function quantize(where: Pick<PrimitiveOp, "domain" | "opsets">): OpDef {
  return defineOp({ ...where, opType: "QuantizeLinear", infer: inferQuantize, vjp: "zero" });
}

function inferQuantize(ctx: InferContext): readonly TensorType[] {
  // output_dtype 0 stands for "not given".
  const given = ctx.node.int("output_dtype", 0) !== 0 ? dtypeAttribute(ctx.node, "output_dtype") : null;
  return [{ dtype: given ?? (ctx.node.hasInput(2) ? ctx.dtype(2) : "uint8"), dims: ctx.dims(0) }];
}
