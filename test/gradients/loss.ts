import type { GradientCase } from "../support/gradient-check.ts";

const scores = { dims: [4, 3], range: [-2, 2] as const };
const maps = { dims: [2, 3, 2, 2] };
const target = { dtype: "int64" as const, dims: [4], data: [2, 0, 1, 2] };
const mapTarget = { dtype: "int64" as const, dims: [2, 2, 2], data: [2, 0, 1, -1, 0, 0, -1, 2] };
const weight = { dims: [3], range: [0.5, 2] as const, constant: true as const };

export const lossCases: readonly GradientCase[] = [
  "NegativeLogLikelihoodLoss",
  "SoftmaxCrossEntropyLoss",
].flatMap((opType): GradientCase[] => [
  { opType, title: "mean", inputs: [scores, target] },
  { opType, title: "sum", opset: 12, inputs: [scores, target], attributes: { reduction: "sum" } },
  { opType, title: "weighted mean", inputs: [scores, target, weight] },
  { opType, title: "none", inputs: [scores, target, weight], attributes: { reduction: "none" } },
  { opType, title: "ignored targets", inputs: [maps, mapTarget, weight], attributes: { ignore_index: -1 } },
  { opType, title: "ignored, no weights", inputs: [maps, mapTarget], attributes: { ignore_index: -1 } },
]);
