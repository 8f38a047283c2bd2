import type { Value } from "../../src/onnx/value.ts";
import type { Apply, GradientCase } from "../support/gradient-check.ts";

export const quantizationCases: readonly GradientCase[] = [
  {
    opType: "DequantizeLinear",
    precision: "float32",
    inputs: [
      { dtype: "int8", dims: [2, 3], data: [-7, 0, 4, 100, -128, 127], fed: true },
      { dims: [3], data: [0.1, 0.2, 0.3], constant: true },
      { dtype: "int8", dims: [3], data: [1, 0, -1] },
    ],
  },
  {
    opType: "DequantizeLinear",
    title: "stored, by blocks",
    precision: "float32",
    inputs: [
      { dtype: "uint8", dims: [4, 2], data: [1, 2, 3, 4, 5, 6, 7, 8] },
      { dims: [2, 2], data: [0.1, 0.2, 0.3, 0.4], constant: true },
    ],
    attributes: { axis: 0, block_size: 2 },
  },
  {
    opType: "DequantizeLinear",
    opset: 10,
    precision: "float32",
    inputs: [
      { dtype: "uint8", dims: [3], data: [1, 2, 250], fed: true },
      { dims: [], data: [0.5], constant: true },
    ],
  },
  {
    opType: "QuantizeLinear",
    precision: "float32",
    zero: true,
    inputs: [
      { dims: [3], data: [-1.04, 0.21, 2.33], constant: true },
      { dims: [], data: [0.1], constant: true },
      { dtype: "int8", dims: [], data: [3] },
    ],
  },
  {
    opType: "QuantizeLinear",
    title: "to int8 without a zero point",
    precision: "float32",
    inputs: [
      { dims: [3], data: [-1.04, 0.21, 2.33], constant: true },
      { dims: [], data: [0.1], constant: true },
    ],
    attributes: { output_dtype: 3 },
  },
  {
    opType: "QuantizeLinear",
    opset: 13,
    title: "to uint8",
    precision: "float32",
    inputs: [
      { dims: [2, 2], constant: true },
      { dims: [2], data: [0.1, 0.2], constant: true },
    ],
  },
  {
    opType: "DynamicQuantizeLinear",
    precision: "float32",
    inputs: [{ dims: [5], constant: true }],
    outputs: 3,
  },
  {
    domain: "com.microsoft",
    opType: "DequantizeLinear",
    precision: "float32",
    inputs: [
      { dtype: "uint8", dims: [2, 2], data: [1, 2, 250, 0], fed: true },
      { dims: [], data: [0.5], constant: true },
      { dtype: "uint8", dims: [], data: [3] },
    ],
  },
  {
    domain: "com.microsoft",
    opType: "QuantizeLinear",
    precision: "float32",
    inputs: [
      { dims: [2, 2], constant: true },
      { dims: [], data: [0.1], constant: true },
      { dtype: "int8", dims: [], data: [0] },
    ],
  },
  {
    domain: "com.microsoft",
    opType: "GatherBlockQuantized",
    precision: "float32",
    inputs: [
      { dtype: "uint8", dims: [3, 16], data: Array.from({ length: 48 }, (_, i) => (i * 37) % 256) },
      { dtype: "int64", dims: [2, 2], data: [0, 2, 1, 1], fed: true },
      { dims: [3, 2], data: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], constant: true },
    ],
    attributes: { bits: 4, block_size: 16, gather_axis: 0, quantize_axis: 1 },
  },
  ...[[], [3]].map(
    (scale): GradientCase => ({
      opType: "DequantizeLinear",
      title: "with a scale that is fed",
      precision: "float32",
      step: 0.5,
      inputs: [
        { dtype: "uint8", dims: [2, 3], data: [1, 2, 3, 4, 5, 6], fed: true },
        { dims: scale },
        { dtype: "uint8", dims: scale, data: scale.length ? [1, 0, 2] : [3] },
      ],
    }),
  ),
  {
    opType: "DequantizeLinear",
    title: "by blocks with scales that are fed",
    precision: "float32",
    step: 0.5,
    inputs: [
      { dtype: "int8", dims: [5, 2], data: [1, 2, 3, 4, 5, 6, 7, 8, 9, -9], fed: true },
      { dims: [2, 2] },
    ],
    attributes: { axis: 0, block_size: 3 },
  },
  // The straight-through estimator, as torch.fake_quantize_per_tensor_affine and …_per_channel_affine have it.
  {
    opType: "QuantizeLinear",
    title: "and back, with what is cut off at both ends",
    precision: "float32",
    inputs: [
      { dims: [5], data: [-2, -1.2, 0.3, 1.26, 5] },
      { dims: [], data: [0.01], constant: true },
      { dtype: "int8", dims: [], data: [3] },
    ],
    body: quantizedAndBack,
    gradients: [[0, 1, 1, 0, 0]],
  },
  {
    opType: "QuantizeLinear",
    title: "and back, by channels",
    precision: "float32",
    inputs: [
      { dims: [2, 2], data: [0.4, -0.1, 3, 24] },
      { dims: [2], data: [0.01, 0.1], constant: true },
      { dtype: "uint8", dims: [2], data: [0, 5] },
    ],
    body: quantizedAndBack,
    gradients: [[1, 1, 0, 1]],
  },
];

function quantizedAndBack(apply: Apply, [x, scale, zero]: readonly Value[]): Value {
  return apply("DequantizeLinear", [apply("QuantizeLinear", [x!, scale!, zero!]), scale!, zero!]);
}
