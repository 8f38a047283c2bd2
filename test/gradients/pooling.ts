import type { AttributeInit } from "../../src/onnx/attribute.ts";
import type { FloatInput, GradientCase, IntegerInput } from "../support/gradient-check.ts";

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

const curved = { precision: "float32" } as const;
const scattered = { precision: "float32", step: 0.5, tolerance: 1e-4 } as const;

/** Elements from 0.5 to 1.5: norms bend sharply near zero. */
function awayFromZero(dims: readonly number[]): FloatInput {
  return { dims, range: [0.5, 1.5] };
}

function places(dims: readonly number[], data: readonly number[]): IntegerInput {
  return { dtype: "int64", dims, data };
}

function col2Im(
  title: string,
  dims: readonly number[],
  image: readonly number[],
  block: readonly number[],
  attributes: Attributes,
): GradientCase {
  const inputs = [{ dims }, places([image.length], image), places([block.length], block)];
  return { opType: "Col2Im", title, inputs, attributes, ...scattered };
}

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
  {
    opType: "GlobalMaxPool",
    inputs: [{ dims: [2, 3, 4, 5], distinct: true, range: [-9, 9] }],
    precision: "float32",
  },
  {
    opType: "GlobalMaxPool",
    title: "1-D",
    opset: 9,
    inputs: [{ dims: [2, 3, 4], distinct: true, range: [-9, 9] }],
    precision: "float32",
  },
  ...[1, 2, 3].flatMap((p): GradientCase[] => [
    {
      opType: "GlobalLpPool",
      title: `p ${p}`,
      inputs: [awayFromZero([2, 3, 4, 5])],
      attributes: { p },
      ...curved,
    },
    ...geometries
      .filter(([, dims]) => dims.length === 4)
      .map(
        ([title, dims, attributes]): GradientCase => ({
          opType: "LpPool",
          title: `p ${p}, ${title}`,
          inputs: [awayFromZero(dims)],
          attributes: { ...attributes, p },
          ...curved,
        }),
      ),
  ]),
  {
    opType: "LpPool",
    title: "dilated",
    inputs: [awayFromZero([1, 2, 8, 7])],
    attributes: { kernel_shape: [2, 3], dilations: [3, 2], pads: [1, 1, 0, 1] },
    ...curved,
  },
  {
    opType: "LpPool",
    title: "opset 11",
    opset: 11,
    inputs: [awayFromZero([1, 2, 6])],
    attributes: { kernel_shape: [2] },
    ...curved,
  },
  {
    opType: "MaxUnpool",
    inputs: [{ dims: [1, 2, 2, 2] }, places([1, 2, 2, 2], [0, 3, 9, 14, 17, 18, 24, 31])],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    ...scattered,
  },
  {
    opType: "MaxUnpool",
    title: "output shape",
    opset: 11,
    inputs: [{ dims: [1, 1, 2, 2] }, places([1, 1, 2, 2], [5, 7, 13, 15]), places([4], [1, 1, 5, 5])],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    ...scattered,
  },
  col2Im("2-D", [1, 2 * 6, 12], [5, 5], [2, 3], {}),
  col2Im("strided, padded, dilated", [2, 4, 9], [6, 5], [2, 2], {
    strides: [2, 2],
    pads: [1, 0, 1, 1],
    dilations: [2, 1],
  }),
  col2Im("1-D", [1, 2 * 2, 4], [5], [2], {}),
  {
    opType: "MaxRoiPool",
    inputs: [
      { dims: [1, 2, 6, 6], constant: true },
      { dims: [2, 5], data: [0, 0, 0, 3, 3, 0, 1, 2, 5, 5], constant: true },
    ],
    attributes: { pooled_shape: [2, 2] },
    precision: "float32",
  },
  {
    opType: "RoiAlign",
    inputs: [
      { dims: [1, 2, 6, 6], constant: true },
      { dims: [2, 4], data: [0, 0, 3, 3, 1, 2, 5, 5], constant: true },
      { dtype: "int64", dims: [2], data: [0, 0] },
    ],
    attributes: { output_height: 2, output_width: 3 },
    precision: "float32",
  },
  {
    opType: "RoiAlign",
    opset: 10,
    inputs: [
      { dims: [1, 2, 6, 6], constant: true },
      { dims: [2, 4], data: [0, 0, 3, 3, 1, 2, 5, 5], constant: true },
      { dtype: "int64", dims: [2], data: [0, 0] },
    ],
    attributes: { output_height: 2, output_width: 3 },
    precision: "float32",
  },
];
