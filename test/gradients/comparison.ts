import type { GradientCase } from "../support/gradient-check.ts";

const floats = [
  { dims: [2, 3], distinct: true },
  { dims: [3], distinct: true },
] as const;
const bools = [
  { dtype: "bool", dims: [2, 2], data: [0, 0, 1, 1], fed: true },
  { dtype: "bool", dims: [2], data: [0, 1], fed: true },
] as const;

export const comparisonCases: readonly GradientCase[] = [
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"].map((opType) => ({
    opType,
    inputs: floats,
    zero: true as const,
  })),
  { opType: "Greater", opset: 9, inputs: floats, zero: true },
  ...["And", "Or", "Xor"].map((opType) => ({ opType, inputs: bools })),
  { opType: "Not", inputs: [bools[0]] },
  { opType: "Where", inputs: [bools[0], { dims: [2, 2] }, { dims: [2] }] },
  {
    opType: "Where",
    title: "condition broadcast",
    opset: 9,
    inputs: [bools[1], { dims: [3, 1] }, { dims: [] }],
  },
];
