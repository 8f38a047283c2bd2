import type { TensorType } from "../onnx/type.ts";
import { dtypeAttribute } from "./casting.ts";
import { defineOp, type InferContext, LATEST, type OpDef } from "./define.ts";

/** Tables of signal processing; their sizes are constant, so they are folded. */
export const signalTableOps: readonly OpDef[] = [
  /** HannWindow(size): https://onnx.ai/onnx/operators/onnx__HannWindow.html */
  defineOp({ opType: "HannWindow", opsets: [17, LATEST], reads: [0], infer: inferWindow, vjp: "zero" }),
  /** HammingWindow(size): https://onnx.ai/onnx/operators/onnx__HammingWindow.html */
  defineOp({ opType: "HammingWindow", opsets: [17, LATEST], reads: [0], infer: inferWindow, vjp: "zero" }),
  /** BlackmanWindow(size): https://onnx.ai/onnx/operators/onnx__BlackmanWindow.html */
  defineOp({ opType: "BlackmanWindow", opsets: [17, LATEST], reads: [0], infer: inferWindow, vjp: "zero" }),
  /** MelWeightMatrix(bins, length, …): [length / 2 + 1, bins]. https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html */
  defineOp({
    opType: "MelWeightMatrix",
    opsets: [17, LATEST],
    reads: [0, 1],
    infer: (ctx) => [
      {
        dtype: dtypeAttribute(ctx.node, "output_datatype", "float32"),
        dims: [Math.floor(sizeAt(ctx, 1) / 2) + 1, sizeAt(ctx, 0)],
      },
    ],
    vjp: "zero",
  }),
];

function inferWindow(ctx: InferContext): readonly TensorType[] {
  return [{ dtype: dtypeAttribute(ctx.node, "output_datatype", "float32"), dims: [sizeAt(ctx, 0)] }];
}

function sizeAt(ctx: InferContext, i: number): number {
  return ctx.numbers(i)?.[0] ?? ctx.fail(`input ${i} is missing`);
}
