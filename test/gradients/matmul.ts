import { float } from "../../src/onnx/attribute.ts";
import type { GradientCase } from "../support/gradient-check.ts";

export const matmulCases: readonly GradientCase[] = [
  { opType: "MatMul", inputs: [{ dims: [2, 3] }, { dims: [3, 4] }] },
  {
    opType: "MatMul",
    title: "rows in two axes times a weight",
    inputs: [{ dims: [2, 5, 3] }, { dims: [3, 4] }],
  },
  { opType: "MatMul", title: "batched", inputs: [{ dims: [2, 1, 2, 3] }, { dims: [4, 3, 2] }] },
  { opType: "MatMul", title: "matrix times a batch", inputs: [{ dims: [2, 3] }, { dims: [4, 3, 2] }] },
  { opType: "MatMul", title: "vectors", inputs: [{ dims: [3] }, { dims: [3] }] },
  { opType: "MatMul", title: "vector and stack", inputs: [{ dims: [3] }, { dims: [2, 3, 4] }] },
  { opType: "MatMul", title: "vector and matrix", opset: 9, inputs: [{ dims: [3] }, { dims: [3, 4] }] },
  { opType: "MatMul", title: "stack and vector", inputs: [{ dims: [2, 4, 3] }, { dims: [3] }] },
  ...[0, 1].flatMap((transA) =>
    [0, 1].map(
      (transB): GradientCase => ({
        opType: "Gemm",
        title: `transA ${transA}, transB ${transB}`,
        inputs: [{ dims: transA ? [3, 2] : [2, 3] }, { dims: transB ? [4, 3] : [3, 4] }, { dims: [4] }],
        attributes: { transA, transB, alpha: float(0.5), beta: float(2) },
      }),
    ),
  ),
  { opType: "Gemm", title: "without C", opset: 11, inputs: [{ dims: [2, 3] }, { dims: [3, 4] }] },
  {
    opType: "Gemm",
    title: "column C",
    opset: 7,
    inputs: [{ dims: [2, 3] }, { dims: [3, 4] }, { dims: [2, 1] }],
  },
  { opType: "Gemm", title: "scalar C", inputs: [{ dims: [2, 3] }, { dims: [3, 4] }, { dims: [] }] },
  {
    opType: "Gemm",
    title: "full C",
    opset: 9,
    inputs: [{ dims: [2, 3] }, { dims: [3, 4] }, { dims: [2, 4] }],
  },
];
