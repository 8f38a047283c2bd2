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

const microsoft = { domain: "com.microsoft", precision: "float32" } as const;

const fusedMatMuls: readonly GradientCase[] = [
  ...[0, 1].flatMap((transA) =>
    [0, 1].map(
      (transB): GradientCase => ({
        opType: "FusedMatMul",
        title: `transA ${transA}, transB ${transB}`,
        inputs: [{ dims: transA ? [2, 3, 2] : [2, 2, 3] }, { dims: transB ? [2, 4, 3] : [2, 3, 4] }],
        attributes: { transA, transB, alpha: float(0.5) },
        ...microsoft,
      }),
    ),
  ),
  {
    opType: "FusedMatMul",
    title: "rows before the batch",
    inputs: [{ dims: [2, 5, 3] }, { dims: [3, 5, 4] }],
    attributes: { transBatchA: 1, transBatchB: 1 },
    ...microsoft,
  },
  {
    opType: "FusedMatMul",
    title: "rows before the batch, transposed",
    inputs: [{ dims: [3, 5, 2] }, { dims: [4, 5, 3] }],
    attributes: { transBatchA: 1, transBatchB: 1, transA: 1, transB: 1 },
    ...microsoft,
  },
  {
    opType: "TransposeMatMul",
    inputs: [{ dims: [2, 3] }, { dims: [4, 3] }],
    attributes: { transB: 1, alpha: float(2) },
    ...microsoft,
  },
];

const activations: readonly (readonly [name: string, ...parameters: number[]])[] = [
  ["Relu"],
  ["Tanh"],
  ["Sigmoid"],
  ["LeakyRelu", 0.1],
  ["HardSigmoid", 0.3, 0.4],
  ["Elu", 0.5],
];

const fusedGemms: readonly GradientCase[] = activations.map(([activation, alpha, beta]) => ({
  opType: "FusedGemm",
  title: activation,
  inputs: [{ dims: [2, 3] }, { dims: [4, 3] }, { dims: [4] }],
  attributes: {
    transB: 1,
    activation,
    ...(alpha === undefined ? {} : { activation_alpha: float(alpha) }),
    ...(beta === undefined ? {} : { activation_beta: float(beta) }),
  },
  ...microsoft,
}));

const bytes = (dims: readonly number[]) => ({
  dtype: "uint8" as const,
  dims,
  data: Array.from({ length: dims.reduce((p, d) => p * d, 1) }, (_, i) => (i * 37) % 256),
});
const scale = { dims: [], data: [0.1], constant: true } as const;
const zeroPoint = { dtype: "uint8", dims: [], data: [128] } as const;

const quantized: readonly GradientCase[] = [
  { opType: "MatMulInteger", inputs: [{ ...bytes([2, 3]), fed: true }, bytes([3, 4]), zeroPoint, zeroPoint] },
  {
    opType: "QLinearMatMul",
    inputs: [
      { ...bytes([2, 2, 3]), fed: true },
      scale,
      zeroPoint,
      bytes([3, 4]),
      scale,
      zeroPoint,
      scale,
      zeroPoint,
    ],
    precision: "float32",
  },
  {
    opType: "ConvInteger",
    inputs: [{ ...bytes([1, 2, 5, 5]), fed: true }, bytes([3, 2, 3, 3]), zeroPoint, zeroPoint],
    attributes: { pads: [1, 1, 1, 1], strides: [2, 2] },
  },
  {
    opType: "QLinearConv",
    inputs: [
      { ...bytes([1, 2, 5, 5]), fed: true },
      scale,
      zeroPoint,
      bytes([3, 2, 3, 3]),
      scale,
      zeroPoint,
      scale,
      zeroPoint,
    ],
    precision: "float32",
  },
];

function nBits(
  title: string,
  bits: number,
  dims: readonly [k: number, n: number],
  zeroPoints: boolean,
): GradientCase {
  const [K, N] = dims;
  const block = 16;
  const blocks = Math.ceil(K / block);
  return {
    opType: "MatMulNBits",
    title,
    inputs: [
      { dims: [2, 3, K] },
      bytes([N, blocks, (block * bits) / 8]),
      { dims: [N * blocks], range: [0.01, 0.05], constant: true },
      zeroPoints ? bytes([N * Math.ceil((blocks * bits) / 8)]) : null,
    ],
    attributes: { K, N, bits, block_size: block },
    ...microsoft,
    step: 0.5,
    tolerance: 1e-4,
  };
}

const blockQuantized: readonly GradientCase[] = [
  nBits("4 bits", 4, [32, 5], false),
  nBits("4 bits, zero points", 4, [48, 5], true),
  nBits("4 bits, last block cut", 4, [40, 3], true),
  nBits("8 bits", 8, [32, 5], true),
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
  ...fusedMatMuls,
  ...fusedGemms,
  ...quantized,
  ...blockQuantized,
];
