import type { GradientCase } from "../support/gradient-check.ts";

export const matmulCases: readonly GradientCase[] = [
  { opType: "MatMul", inputs: [{ dims: [2, 3] }, { dims: [3, 4] }] },
  { opType: "MatMul", title: "batched", inputs: [{ dims: [2, 1, 2, 3] }, { dims: [4, 3, 2] }] },
  { opType: "MatMul", title: "vectors", inputs: [{ dims: [3] }, { dims: [3] }] },
  { opType: "MatMul", title: "vector and stack", inputs: [{ dims: [3] }, { dims: [2, 3, 4] }] },
];
