import type { GradientCase } from "../support/gradient-check.ts";

export const structureCases: readonly GradientCase[] = [
  { opType: "Identity", inputs: [{ dims: [2, 3] }] },
  { opType: "Reshape", inputs: [{ dims: [2, 6] }, { dtype: "int64", dims: [3], data: [0, -1, 3] }] },
  { opType: "Transpose", inputs: [{ dims: [2, 3, 4] }], attributes: { perm: [1, 2, 0] } },
  { opType: "Transpose", title: "reversed", inputs: [{ dims: [2, 3, 4] }] },
];
