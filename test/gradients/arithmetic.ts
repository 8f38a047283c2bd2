import type { GradientCase } from "../support/gradient-check.ts";

const pair = [{ dims: [2, 3] }, { dims: [2, 3] }] as const;
const broadcast = [{ dims: [2, 1, 3] }, { dims: [4, 1] }] as const;
const distinctPair = [
  { dims: [2, 3], distinct: true },
  { dims: [3], distinct: true },
] as const;

export const arithmeticCases: readonly GradientCase[] = [
  { opType: "Add", inputs: pair },
  { opType: "Add", title: "broadcast", inputs: broadcast },
  { opType: "Add", title: "scalar", opset: 11, inputs: [{ dims: [] }, { dims: [2, 2] }] },
  { opType: "Sub", inputs: pair },
  { opType: "Sub", title: "broadcast", opset: 7, inputs: broadcast },
  { opType: "Mul", inputs: pair },
  { opType: "Mul", title: "broadcast", inputs: [{ dims: [3] }, { dims: [4, 2, 3] }] },
  {
    opType: "Mul",
    title: "a square under a mean",
    inputs: [{ dims: [2, 3] }],
    body: (apply, [x]) => apply("ReduceMean", [apply("Mul", [x!, x!])]),
  },
  { opType: "Div", inputs: [{ dims: [2, 3] }, { dims: [2, 3], range: [0.5, 2] }] },
  { opType: "Div", title: "broadcast", inputs: [{ dims: [2, 1, 3] }, { dims: [4, 1], range: [-2, -0.5] }] },
  {
    opType: "Pow",
    inputs: [
      { dims: [2, 3], range: [0.5, 2] },
      { dims: [3], range: [-2, 2] },
    ],
  },
  ...[1, 2, 3, 0.5, -1, 1.7].map((e) => ({
    opType: "Pow",
    title: `constant exponent ${e}`,
    opset: e === 2 ? 11 : 21,
    inputs: [
      { dims: [2, 3], range: [0.5, 2] as const },
      { dims: [], data: [e], constant: true as const },
    ],
  })),
  {
    opType: "Pow",
    title: "constant exponent 0",
    zero: true,
    inputs: [{ dims: [2, 3] }, { dims: [], data: [0], constant: true }],
  },
  {
    opType: "Pow",
    title: "integer exponents of negative numbers",
    inputs: [
      { dims: [2, 3], range: [-2, -0.5] },
      { dtype: "int64", dims: [3], data: [0, 2, 3], fed: true },
    ],
  },
  {
    opType: "Pow",
    title: "exponents 0 and 2 of 0",
    inputs: [
      { dims: [2], data: [0, 0] },
      { dims: [2], data: [0, 2], constant: true },
    ],
  },
  {
    opType: "Mod",
    attributes: { fmod: 1 },
    inputs: [
      { dims: [4], data: [5.3, -5.3, 2.2, 0.4] },
      { dims: [4], data: [2, 1.5, -0.7, 3] },
    ],
  },
  { opType: "Max", inputs: distinctPair },
  { opType: "Min", opset: 12, inputs: distinctPair },
  {
    opType: "Max",
    title: "ties share equally",
    once: true,
    inputs: [
      { dims: [2], data: [1, 2] },
      { dims: [2], data: [1, 2] },
    ],
  },
  { opType: "Max", title: "one input", inputs: [{ dims: [2, 3] }] },
  { opType: "Min", title: "three inputs", inputs: [...distinctPair, { dims: [2, 1], distinct: true }] },
  { opType: "Sum", opset: 8, inputs: [...pair, { dims: [1, 3] }] },
  {
    opType: "Mean",
    precision: "float32",
    inputs: [...pair, { dims: [1, 3] }],
  },
];
