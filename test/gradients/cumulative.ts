import type { GradientCase } from "../support/gradient-check.ts";

const axis = (value: number) => ({ dtype: "int64" as const, dims: [], data: [value] });
const directions = [0, 1].flatMap((exclusive) => [0, 1].map((reverse) => ({ exclusive, reverse })));
const title = (d: { exclusive: number; reverse: number }) =>
  `${d.exclusive ? "exclusive" : "inclusive"}${d.reverse ? ", reverse" : ""}`;

export const cumulativeCases: readonly GradientCase[] = [
  ...directions.map((attributes) => ({
    opType: "CumSum",
    title: title(attributes),
    attributes,
    inputs: [{ dims: [2, 3, 2] }, axis(1)],
  })),
  { opType: "CumSum", title: "axis from the back", opset: 11, inputs: [{ dims: [2, 3] }, axis(-1)] },
  ...directions.map((attributes) => ({
    opType: "CumProd",
    title: title(attributes),
    opset: 26,
    attributes,
    inputs: [{ dims: [2, 4], range: [0.5, 2] as const }, axis(1)],
  })),
  ...directions.map((attributes) => ({
    opType: "CumProd",
    title: `${title(attributes)}, with zeros`,
    opset: 26,
    attributes,
    inputs: [{ dims: [3, 4], data: [2, 0, 3, -1, 0, 2, 0, 3, 1.5, 2, 0.5, 0] }, axis(-1)],
  })),
];
