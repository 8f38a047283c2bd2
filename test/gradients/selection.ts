import { float } from "../../src/onnx/attribute.ts";
import type { GradientCase, IntegerInput } from "../support/gradient-check.ts";

function ints(dims: readonly number[], ...data: number[]): IntegerInput {
  return { dtype: "int64", dims, data };
}

export const selectionCases: readonly GradientCase[] = [
  { opType: "TopK", inputs: [{ dims: [3, 5], distinct: true }, ints([1], 2)], outputs: 2 },
  {
    opType: "TopK",
    title: "smallest, first axis",
    inputs: [{ dims: [4, 2], distinct: true }, ints([1], 3)],
    attributes: { axis: 0, largest: 0 },
    outputs: 2,
  },
  {
    opType: "TopK",
    opset: 9,
    precision: "float32",
    inputs: [{ dims: [3, 5], distinct: true }],
    attributes: { k: 2 },
    outputs: 2,
  },
  {
    opType: "TopK",
    opset: 10,
    precision: "float32",
    inputs: [{ dims: [3, 5], distinct: true }, ints([1], 2)],
    outputs: 2,
  },
  { opType: "TopK", opset: 24, inputs: [{ dims: [3, 5], distinct: true }, ints([1], 2)], outputs: 2 },
  {
    opType: "OneHot",
    precision: "float32",
    inputs: [{ ...ints([2, 2], 1, 0, -1, 7), fed: true }, ints([], 4), { dims: [2] }],
  },
  {
    opType: "OneHot",
    title: "first axis",
    precision: "float32",
    inputs: [ints([3], 1, 0, 2), ints([1], 3), { dims: [2] }],
    attributes: { axis: 0 },
  },
  {
    opType: "OneHot",
    opset: 9,
    title: "of integers",
    inputs: [{ ...ints([3], 1, 0, 2), fed: true }, ints([], 3), ints([2], 0, 5)],
  },
  {
    opType: "Compress",
    inputs: [{ dims: [3, 2] }, { dtype: "bool", dims: [3], data: [1, 0, 1] }],
    attributes: { axis: 0 },
  },
  {
    opType: "Compress",
    title: "flattened",
    inputs: [{ dims: [3, 2] }, { dtype: "bool", dims: [5], data: [0, 1, 1, 0, 1] }],
  },
  {
    opType: "Compress",
    opset: 9,
    title: "nothing kept",
    inputs: [{ dims: [3, 2] }, { dtype: "bool", dims: [2], data: [0, 0] }],
    attributes: { axis: -1 },
  },
  { opType: "NonZero", inputs: [ints([2, 3], 1, 0, 3, 0, 0, 1)] },
  { opType: "NonZero", opset: 9, title: "of nothing", inputs: [ints([2], 0, 0)] },
  { opType: "Unique", inputs: [ints([6], 2, 1, 1, 3, 4, 3)], outputs: 4 },
  {
    opType: "Unique",
    title: "rows",
    inputs: [ints([3, 2], 1, 0, 2, 5, 1, 0)],
    attributes: { axis: 0, sorted: 0 },
    outputs: 2,
  },
  {
    opType: "NonMaxSuppression",
    precision: "float32",
    inputs: [
      { dims: [1, 3, 4], data: [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 5, 1, 6], constant: true },
      { dims: [1, 1, 3], data: [0.9, 0.8, 0.7], constant: true },
      ints([], 3),
      { dims: [], data: [0.5], constant: true },
    ],
  },
];

export const randomCases: readonly GradientCase[] = [
  { opType: "RandomNormal", inputs: [], attributes: { shape: [2, 3], seed: float(3) } },
  { opType: "RandomUniform", inputs: [], attributes: { shape: [4], seed: float(3), dtype: 11 } },
  { opType: "RandomNormalLike", inputs: [ints([2], 1, 1)], attributes: { seed: float(3), dtype: 1 } },
  { opType: "RandomUniformLike", inputs: [{ dims: [2, 2], constant: true }], attributes: { seed: float(3) } },
  {
    opType: "Bernoulli",
    inputs: [{ dims: [9], range: [0, 1], constant: true }],
    attributes: { seed: float(3) },
  },
  {
    opType: "Multinomial",
    precision: "float32",
    inputs: [{ dims: [2, 3], constant: true }],
    attributes: { sample_size: 4, seed: float(3) },
  },
];
