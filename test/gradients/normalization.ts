import { float } from "../../src/onnx/attribute.ts";
import type { GradientCase } from "../support/gradient-check.ts";

const x = { dims: [2, 3, 4] };
const images = { dims: [2, 3, 2, 2] };
const width = { dims: [4] };
const f32 = "float32";
const ids = { dtype: "int32" as const, dims: [2, 3], data: [0, 2, 1, 2, 2, 0], fed: true as const };
const tables = [{ dims: [5, 4] }, { dims: [4, 4] }, { dims: [3, 4] }] as const;
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
    title: "derivative of the statistics",
    inputs: [x, { dims: [4], constant: true }],
    outputs: [false, true, true],
    precision: "float32",
  },
  {
    opType: "LayerNormalization",
    title: "of 32 bits",
    inputs: [x, { dims: [4] }, { dims: [4] }],
    precision: "float32",
  },
  {
    opType: "LayerNormalization",
    title: "before ONNX had it",
    opset: 11,
    inputs: [x, width, width],
    precision: f32,
  },
  { opType: "RMSNormalization", opset: 23, inputs: [x, width] },
  { opType: "RMSNormalization", title: "of 32 bits", opset: 23, inputs: [x, width], precision: f32 },
  {
    opType: "RMSNormalization",
    title: "two axes",
    opset: 24,
    inputs: [x, { dims: [3, 4] }],
    attributes: { axis: 1 },
  },
  { opType: "SimplifiedLayerNormalization", inputs: [x, width], attributes: { axis: -1 } },
  {
    opType: "SimplifiedLayerNormalization",
    title: "of 32 bits",
    opset: 14,
    inputs: [x, width],
    precision: f32,
  },
  { opType: "InstanceNormalization", inputs: [x, channels, channels], precision: f32 },
  { opType: "InstanceNormalization", opset: 11, inputs: [images, channels, channels], precision: f32 },
  {
    opType: "GroupNormalization",
    opset: 18,
    title: "a scale per group",
    inputs: [{ dims: [2, 4, 3] }, { dims: [2] }, { dims: [2] }],
    attributes: { num_groups: 2 },
    precision: f32,
  },
  {
    opType: "GroupNormalization",
    title: "a scale per channel",
    inputs: [{ dims: [2, 4, 3] }, { dims: [4] }, { dims: [4] }],
    attributes: { num_groups: 2, epsilon: float(0.01) },
    precision: f32,
  },
  { opType: "MeanVarianceNormalization", inputs: [images], precision: f32 },
  {
    opType: "MeanVarianceNormalization",
    opset: 9,
    inputs: [x],
    attributes: { axes: [0, -1] },
    precision: f32,
  },
  { opType: "LpNormalization", inputs: [{ dims: [3, 4], distinct: true }] },
  { opType: "LpNormalization", inputs: [{ dims: [3, 4], distinct: true }], attributes: { axis: 0, p: 1 } },
  {
    opType: "LRN",
    inputs: [{ dims: [2, 5, 2, 2] }],
    attributes: { size: 3, alpha: float(0.5) },
    precision: f32,
  },
  {
    opType: "LRN",
    title: "wide window",
    opset: 9,
    inputs: [{ dims: [1, 6, 2, 2] }],
    attributes: { size: 5, alpha: float(1), beta: float(0.5), bias: float(2) },
    precision: f32,
  },
  {
    opType: "SkipLayerNormalization",
    domain: "com.microsoft",
    inputs: [x, x, width, width, width],
    outputs: [true, null, null, true],
    attributes: { epsilon: float(1e-5) },
    precision: f32,
  },
  {
    opType: "SkipLayerNormalization",
    domain: "com.microsoft",
    inputs: [x, { dims: [1, 3, 4] }, width],
    precision: f32,
  },
  {
    opType: "SkipSimplifiedLayerNormalization",
    domain: "com.microsoft",
    inputs: [x, x, width, width],
    outputs: [true, null, null, true],
    precision: f32,
  },
  {
    opType: "SkipSimplifiedLayerNormalization",
    domain: "com.microsoft",
    inputs: [x, x, width],
    precision: f32,
  },
  {
    opType: "EmbedLayerNormalization",
    domain: "com.microsoft",
    inputs: [ids, ids, ...tables, width, width, { ...ids, data: [1, 1, 0, 1, 1, 1] }],
    outputs: [true, false, true],
    precision: f32,
  },
  {
    opType: "EmbedLayerNormalization",
    domain: "com.microsoft",
    title: "no segments, no mask, given positions",
    inputs: [ids, null, tables[0], tables[1], null, width, width, null, { ...ids, data: [2, 0, 1, 1, 0, 3] }],
    outputs: 2,
    precision: f32,
  },
];
