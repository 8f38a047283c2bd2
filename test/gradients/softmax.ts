import type { GradientCase } from "../support/gradient-check.ts";

const x = [{ dims: [2, 3, 4], range: [-2, 2] as const }] as const;
const apart = [{ dims: [2, 3, 4], distinct: true as const }] as const;

const cases: readonly GradientCase[] = ["Softmax", "LogSoftmax", "Hardmax"].flatMap((opType) => {
  const rest =
    opType === "Hardmax"
      ? { inputs: apart, zero: true as const, precision: "float32" as const }
      : { inputs: x };
  return [
    { opType, ...rest },
    { opType, title: "axis 1", attributes: { axis: 1 }, ...rest },
    { opType, title: "flattened", opset: 11, ...rest },
    { opType, title: "flattened at 2", opset: 9, attributes: { axis: 2 }, ...rest },
    { opType, title: "flattened at 0", opset: 12, attributes: { axis: 0 }, ...rest },
  ];
});

/** A mask that hides the whole second row and one place of the third. */
const hidden = Number.NEGATIVE_INFINITY;
const mask = { dims: [3, 3], constant: true as const, data: [0, 0, 0, hidden, hidden, hidden, 0, hidden, 0] };

export const softmaxCases: readonly GradientCase[] = [
  ...cases,
  {
    opType: "Softmax",
    title: "of a fully masked row, cleaned of NaN as exporters of attention do",
    inputs: [{ dims: [3, 3] }, mask, { dims: [], data: [0], constant: true }],
    body: (apply, [scores, hide, zero]) => {
      const p = apply("Softmax", [apply("Add", [scores!, hide!])], { axis: -1 });
      return apply("Where", [apply("IsNaN", [p]), zero!, p]);
    },
  },
];
