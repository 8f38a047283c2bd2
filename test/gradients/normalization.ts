import { float } from "../../src/onnx/attribute.ts";
import type { GradientCase } from "../support/gradient-check.ts";

const x = { dims: [2, 3, 4] };
const channels = { dims: [3] };
const variance = { dims: [3], range: [0.5, 2] as const };

export const normalizationCases: readonly GradientCase[] = [
  { opType: "BatchNormalization", inputs: [x, channels, channels, channels, variance] },
  {
    opType: "BatchNormalization",
    title: "of a matrix",
    opset: 9,
    inputs: [{ dims: [5, 3] }, channels, channels, channels, variance],
    attributes: { epsilon: float(0.1) },
  },
  {
    opType: "BatchNormalization",
    title: "of images",
    opset: 7,
    inputs: [{ dims: [2, 3, 2, 2] }, channels, channels, channels, variance],
  },
  {
    opType: "BatchNormalization",
    title: "with the batch's statistics",
    inputs: [x, channels, channels, { ...channels, constant: true }, { ...variance, constant: true }],
    attributes: { training_mode: 1 },
    outputs: [true, false, false],
  },
  { opType: "LayerNormalization", inputs: [x, { dims: [4] }, { dims: [4] }] },
  { opType: "LayerNormalization", title: "no bias", opset: 17, inputs: [x, { dims: [4] }] },
  {
    opType: "LayerNormalization",
    title: "two axes",
    inputs: [x, { dims: [3, 4] }, { dims: [3, 4] }],
    attributes: { axis: 1, epsilon: float(0.01) },
  },
  {
    opType: "LayerNormalization",
    title: "all outputs",
    inputs: [x, { dims: [4] }, { dims: [4] }],
    outputs: [true, false, false],
    precision: "float32",
  },
  {
    opType: "LayerNormalization",
    title: "of 32 bits",
    inputs: [x, { dims: [4] }, { dims: [4] }],
    precision: "float32",
  },
];
