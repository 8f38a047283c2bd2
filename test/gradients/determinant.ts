import type { GradientCase } from "../support/gradient-check.ts";

const float32 = { precision: "float32" } as const;

export const determinantCases: readonly GradientCase[] = [
  { opType: "Det", inputs: [{ dims: [3, 3] }], ...float32 },
  { opType: "Det", title: "of several matrices", inputs: [{ dims: [2, 1, 4, 4] }], ...float32 },
  { opType: "Det", title: "of numbers", inputs: [{ dims: [2, 1, 1] }], ...float32 },
  {
    opType: "Det",
    title: "of a matrix without an inverse",
    inputs: [{ dims: [3, 3], data: [1, 2, 3, 2, 4, 6, 1, 0, 1] }],
    ...float32,
  },
  { opType: "Det", opset: 11, inputs: [{ dims: [2, 2] }], ...float32 },
  {
    domain: "com.microsoft",
    opType: "Inverse",
    inputs: [{ dims: [2, 2, 2], data: [2, 0.5, -0.3, 1, 1, 0.2, 0.4, 3] }],
  },
];
