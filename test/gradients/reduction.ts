import type { GradientCase } from "../support/gradient-check.ts";

/** Reductions with the first opset that takes the axes as an input. */
const reductions: readonly (readonly [opType: string, since: number, positive?: true])[] = [
  ["ReduceSum", 13],
  ["ReduceMean", 18],
  ["ReduceMax", 18],
  ["ReduceMin", 18],
  ["ReduceProd", 18],
  ["ReduceL1", 18],
  ["ReduceL2", 18],
  ["ReduceSumSquare", 18],
  ["ReduceLogSum", 18, true],
  ["ReduceLogSumExp", 18],
];

export const reductionCases: readonly GradientCase[] = [
  ...reductions.flatMap(([opType, since, positive]): GradientCase[] => {
    const inputs = [{ dims: [2, 3, 4], distinct: true as const, range: [positive ? 0.5 : -1, 2] as const }];
    const axes = (...data: number[]) => ({ dtype: "int64" as const, dims: [data.length], data });
    return [
      { opType, title: "two axes", inputs: [...inputs, axes(0, -1)] },
      {
        opType,
        title: "one axis, no keepdims",
        opset: since,
        inputs: [...inputs, axes(1)],
        attributes: { keepdims: 0 },
      },
      { opType, title: "all, no keepdims", inputs, attributes: { keepdims: 0 } },
      { opType, title: "no axes means none", inputs, attributes: { noop_with_empty_axes: 1 } },
      { opType, title: "axes as an attribute", opset: since - 1, inputs, attributes: { axes: [1, 2] } },
      { opType, title: "all", opset: 7, inputs, precision: "float32" },
    ];
  }),
  {
    opType: "ReduceProd",
    title: "one and two zeros",
    inputs: [
      { dims: [3, 3], data: [1, 2, 3, 0, 2, 3, 0, 0, 4] },
      { dtype: "int64", dims: [1], data: [1] },
    ],
  },
  {
    opType: "ReduceL2",
    title: "at 0",
    once: true,
    inputs: [{ dims: [2, 2], data: [0, 0, 0, 0] }],
    step: 1e-9,
    tolerance: 2e-6,
  },
  ...["ArgMax", "ArgMin"].flatMap((opType): GradientCase[] => {
    const inputs = [{ dims: [2, 3, 4], distinct: true as const }];
    return [
      { opType, inputs, zero: true },
      { opType, title: "no keepdims", opset: 9, inputs, zero: true, attributes: { axis: 1, keepdims: 0 } },
    ];
  }),
];
