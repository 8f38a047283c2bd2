import type { GradientCase } from "../support/gradient-check.ts";

export const generatorCases: readonly GradientCase[] = [
  { opType: "Expand", inputs: [{ dims: [2, 1] }, { dtype: "int64", dims: [3], data: [3, 1, 4] }] },
];
