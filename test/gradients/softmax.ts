import type { GradientCase } from "../support/gradient-check.ts";

const x = [{ dims: [2, 3, 4], range: [-2, 2] as const }] as const;
const apart = [{ dims: [2, 3, 4], distinct: true as const }] as const;

export const softmaxCases: readonly GradientCase[] = ["Softmax", "LogSoftmax", "Hardmax"].flatMap(
  (opType) => {
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
  },
);
