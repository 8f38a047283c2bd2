import type { GradientCase } from "../support/gradient-check.ts";

export const arithmeticCases: readonly GradientCase[] = [
  { opType: "Add", inputs: [{ dims: [2, 3] }, { dims: [2, 3] }] },
  { opType: "Add", title: "broadcast", inputs: [{ dims: [2, 1, 3] }, { dims: [4, 1] }] },
  { opType: "Add", title: "scalar", opset: 11, inputs: [{ dims: [] }, { dims: [2, 2] }] },
  { opType: "Mul", inputs: [{ dims: [2, 3] }, { dims: [2, 3] }] },
  { opType: "Mul", title: "broadcast", inputs: [{ dims: [3] }, { dims: [4, 2, 3] }] },
];
