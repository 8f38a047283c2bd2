import { float } from "../../src/onnx/attribute.ts";
import type { GradientCase } from "../support/gradient-check.ts";

/** Between −2.7 and 2.8, no element closer than 0.1 to 0 or to another. */
const x = [{ dims: [2, 4], distinct: true as const, range: [-2.7, 2.8] as const }] as const;
const wide = [{ dims: [3, 4], distinct: true as const, range: [-4.3, 4.5] as const }] as const;
const f32 = "float32";

export const activationCases: readonly GradientCase[] = [
  { opType: "Relu", inputs: x },
  { opType: "Relu", opset: 11, inputs: x },
  { opType: "LeakyRelu", inputs: x, precision: f32 },
  { opType: "LeakyRelu", inputs: x, precision: f32, attributes: { alpha: float(0.3) } },
  { opType: "PRelu", inputs: [...x, { dims: [4] }], precision: f32 },
  {
    opType: "PRelu",
    title: "one slope per channel",
    opset: 9,
    inputs: [{ dims: [2, 3, 2, 2], distinct: true }, { dims: [3, 1, 1] }],
    precision: f32,
  },
  { opType: "Elu", inputs: x, precision: f32 },
  { opType: "Elu", inputs: x, precision: f32, attributes: { alpha: float(1.5) } },
  { opType: "Selu", inputs: x, precision: f32 },
  { opType: "Celu", inputs: x, precision: f32, attributes: { alpha: float(0.7) } },
  { opType: "ThresholdedRelu", inputs: x, precision: f32, attributes: { alpha: float(0.5) } },
  { opType: "Sigmoid", inputs: x },
  { opType: "HardSigmoid", inputs: wide, precision: f32 },
  { opType: "HardSwish", inputs: wide, precision: f32 },
  { opType: "Tanh", inputs: x },
  { opType: "Softplus", inputs: x, precision: f32 },
  { opType: "Softsign", inputs: x, precision: f32 },
  { opType: "Shrink", inputs: x, precision: f32, attributes: { lambd: float(1.2), bias: float(0.3) } },
  { opType: "Gelu", inputs: wide, precision: f32 },
  { opType: "Gelu", title: "tanh", inputs: wide, precision: f32, attributes: { approximate: "tanh" } },
  { opType: "Clip", opset: 7, inputs: x, precision: f32, attributes: { min: float(-1), max: float(1.5) } },
  { opType: "Clip", title: "no bounds", opset: 7, inputs: x, precision: f32 },
  {
    opType: "Clip",
    title: "constant bounds",
    inputs: [...x, { dims: [], data: [-1], constant: true }, { dims: [], data: [1.5], constant: true }],
  },
  { opType: "Clip", title: "one bound", inputs: [...x, null, { dims: [], data: [0.5] }] },
  {
    opType: "Clip",
    title: "trained bounds",
    inputs: [...x, { dims: [], data: [-1] }, { dims: [], data: [1.5] }],
  },
  { opType: "Dropout", opset: 7, inputs: x, attributes: { ratio: float(0.5) } },
  { opType: "Dropout", opset: 10, inputs: x, outputs: 2 },
  { opType: "Dropout", title: "mask", inputs: x, outputs: 2 },
  {
    opType: "Dropout",
    title: "ratio given",
    inputs: [...x, { dims: [], data: [0.5], constant: true }, { dtype: "bool", dims: [], data: [0] }],
  },
  { opType: "Mish", inputs: wide, precision: f32 },
  { opType: "Swish", opset: 24, inputs: wide },
  { opType: "Swish", opset: 24, inputs: wide, attributes: { alpha: float(0.6) } },
  { opType: "QuickGelu", domain: "com.microsoft", inputs: wide, precision: f32 },
  { opType: "Gelu", domain: "com.microsoft", inputs: wide, precision: f32 },
  { opType: "BiasGelu", domain: "com.microsoft", inputs: [...wide, { dims: [4] }], precision: f32 },
  { opType: "FastGelu", domain: "com.microsoft", inputs: wide, precision: f32 },
  { opType: "FastGelu", domain: "com.microsoft", inputs: [...wide, { dims: [4] }], precision: f32 },
];
