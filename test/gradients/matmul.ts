import { float } from "../../src/onnx/attribute.ts";
import type { GradientCase } from "../support/gradient-check.ts";

function einsum(equation: string, ...shapes: readonly (readonly number[])[]): GradientCase {
  return {
    opType: "Einsum",
    title: equation,
    inputs: shapes.map((dims) => ({ dims })),
    attributes: { equation },
  };
}

const einsums: readonly GradientCase[] = [
  einsum("ij,jk->ik", [2, 3], [3, 4]),
  einsum("bhid,bhjd->bhij", [2, 2, 3, 4], [2, 2, 5, 4]),
  einsum("bqhd, bkhd -> bhqk", [2, 3, 2, 4], [2, 5, 2, 4]),
  einsum("ij->ji", [2, 3]),
  einsum("ijk->j", [2, 3, 4]),
  einsum("ij->", [2, 3]),
  einsum("ii->i", [3, 3]),
  einsum("ii", [3, 3]),
  einsum("iji->j", [3, 2, 3]),
  einsum("ii,ij->j", [3, 3], [3, 2]),
  einsum("i,j->ij", [2], [3]),
  einsum("ij,jk", [2, 3], [3, 4]),
  einsum("ba", [2, 3]),
  einsum("...ij,...jk->...ik", [2, 1, 2, 3], [1, 4, 3, 2]),
  einsum("...i,ij", [2, 4, 3], [3, 2]),
  einsum("i...,i...->...", [3, 2, 4], [3, 2, 4]),
  einsum("ab,bc,cd->ad", [2, 3], [3, 4], [4, 2]),
  einsum("ij,kl->il", [2, 3], [2, 4]),
  einsum("ij,ij->ij", [2, 3], [2, 1]),
  einsum("aB,Bc->ca", [2, 3], [3, 4]),
];

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
  ...einsums,
];
