import type { GradientCase } from "../support/gradient-check.ts";

export const reductionCases: readonly GradientCase[] = [
  { opType: "ReduceSum", inputs: [{ dims: [2, 3, 4] }, { dtype: "int64", dims: [2], data: [0, -1] }] },
  { opType: "ReduceSum", title: "all, no keepdims", inputs: [{ dims: [2, 3] }], attributes: { keepdims: 0 } },
];
