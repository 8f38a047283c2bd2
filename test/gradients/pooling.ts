import type { AttributeInit } from "../../src/onnx/attribute.ts";
import type { GradientCase } from "../support/gradient-check.ts";

type Attributes = Readonly<Record<string, AttributeInit>>;

function maxPool(
  title: string,
  dims: readonly number[],
  attributes: Attributes,
  extra: Partial<GradientCase> = {},
): GradientCase {
  const inputs = [{ dims, distinct: true as const, range: [-10, 10] as const }];
  return { opType: "MaxPool", title, inputs, attributes, ...extra };
}

function averagePool(
  title: string,
  dims: readonly number[],
  attributes: Attributes,
  extra: Partial<GradientCase> = {},
): GradientCase {
  // Linear, so a large step makes central differences exact up to rounding.
  const linear = { precision: "float32", step: 0.5, tolerance: 1e-4 } as const;
  return { opType: "AveragePool", title, inputs: [{ dims }], attributes, ...linear, ...extra };
}

const geometries: readonly (readonly [title: string, dims: readonly number[], attributes: Attributes])[] = [
  ["2×2", [2, 2, 4, 6], { kernel_shape: [2, 2], strides: [2, 2] }],
  ["overlapping, padded", [1, 2, 7, 6], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ["stride 1", [1, 2, 5, 5], { kernel_shape: [3, 2] }],
  ["asymmetric pads", [1, 2, 5, 5], { kernel_shape: [3, 3], strides: [2, 1], pads: [0, 2, 1, 0] }],
  ["ceil mode", [1, 2, 6, 7], { kernel_shape: [3, 2], strides: [2, 3], ceil_mode: 1 }],
  [
    "ceil mode, padded",
    [1, 2, 6, 7],
    { kernel_shape: [3, 3], strides: [2, 3], pads: [1, 1, 1, 1], ceil_mode: 1 },
  ],
  ["ceil mode, window in the padding", [1, 1, 4, 4], { kernel_shape: [1, 1], strides: [2, 2], ceil_mode: 1 }],
  ["SAME_UPPER", [1, 2, 6, 5], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "SAME_UPPER" }],
  ["SAME_LOWER", [1, 2, 6, 5], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "SAME_LOWER" }],
  ["VALID", [1, 2, 6, 5], { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "VALID" }],
  ["1-D", [2, 2, 7], { kernel_shape: [3], strides: [2], pads: [1, 0] }],
  ["3-D", [1, 2, 4, 5, 4], { kernel_shape: [2, 3, 2], strides: [2, 1, 2], pads: [0, 1, 0, 0, 1, 1] }],
];

export const poolingCases: readonly GradientCase[] = [
  ...geometries.map(([title, dims, attributes]) => maxPool(title, dims, attributes)),
  maxPool("dilated", [1, 2, 8, 7], { kernel_shape: [2, 3], dilations: [3, 2], pads: [1, 1, 0, 1] }),
  maxPool("with indices", [1, 2, 4, 6], { kernel_shape: [2, 2], strides: [2, 2] }, { outputs: 2 }),
  maxPool(
    "column-major indices",
    [1, 2, 4, 6],
    { kernel_shape: [2, 2], strides: [2, 2], storage_order: 1 },
    { outputs: 2 },
  ),
  maxPool("oldest version", [1, 2, 4, 6], { kernel_shape: [2, 2] }, { opset: 7, precision: "float32" }),
  ...geometries.map(([title, dims, attributes]) => averagePool(title, dims, attributes)),
  ...geometries.map(([title, dims, attributes]) =>
    averagePool(`${title}, counting pads`, dims, { ...attributes, count_include_pad: 1 }),
  ),
  ...geometries
    .filter(([, , a]) => a.ceil_mode === 1)
    .map(([title, dims, attributes]) =>
      averagePool(`${title}, counting pads`, dims, { ...attributes, count_include_pad: 1 }, { opset: 17 }),
    ),
  averagePool("dilated", [1, 2, 8, 7], { kernel_shape: [2, 3], dilations: [3, 2], pads: [1, 1, 0, 1] }),
  averagePool("dilated, counting pads", [1, 2, 8, 7], {
    kernel_shape: [2, 3],
    dilations: [3, 2],
    pads: [1, 1, 0, 1],
    count_include_pad: 1,
  }),
  averagePool("oldest version", [1, 2, 4, 6], { kernel_shape: [2, 2] }, { opset: 7 }),
  {
    opType: "GlobalAveragePool",
    inputs: [{ dims: [2, 3, 4, 5] }],
    precision: "float32",
    step: 0.5,
    tolerance: 1e-4,
  },
  {
    opType: "GlobalAveragePool",
    title: "1-D",
    inputs: [{ dims: [2, 3, 4] }],
    precision: "float32",
    step: 0.5,
    tolerance: 1e-4,
  },
];
