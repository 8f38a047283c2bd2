import type { GradientCase, IntegerInput } from "../support/gradient-check.ts";

function ints(dims: readonly number[], data: readonly number[], fed = true): IntegerInput {
  return { dtype: "int64", dims, data, ...(fed ? { fed: true } : {}) };
}

export const indexingCases: readonly GradientCase[] = [
  { opType: "Gather", inputs: [{ dims: [5, 3] }, ints([2, 2], [4, 0, 0, -2])] },
  {
    opType: "Gather",
    title: "last axis",
    inputs: [{ dims: [2, 3, 4] }, ints([3], [1, -1, 1])],
    attributes: { axis: -1 },
  },
  {
    opType: "Gather",
    title: "stack of places",
    inputs: [{ dims: [2, 3, 2] }, ints([2, 2], [2, 0, 2, 1])],
    attributes: { axis: 1 },
  },
  {
    opType: "Gather",
    title: "fed scalar",
    inputs: [{ dims: [2, 3, 4] }, ints([], [2])],
    attributes: { axis: 1 },
  },
  {
    opType: "Gather",
    title: "stored scalar",
    inputs: [{ dims: [2, 3, 4] }, ints([], [-1], false)],
    attributes: { axis: 1 },
  },
  {
    opType: "Gather",
    title: "stored run",
    inputs: [{ dims: [2, 4] }, ints([2], [1, 2], false)],
    attributes: { axis: 1 },
  },
  {
    opType: "Gather",
    title: "int32",
    inputs: [{ dims: [3, 2] }, { dtype: "int32", dims: [2], data: [2, 2], fed: true }],
  },
  { opType: "Gather", opset: 9, inputs: [{ dims: [3, 2] }, ints([2], [2, 2])] },
  { opType: "GatherElements", inputs: [{ dims: [3, 2] }, ints([4, 2], [0, 2, -1, 2, 1, 1, 2, 0])] },
  {
    opType: "GatherElements",
    title: "last axis",
    inputs: [{ dims: [2, 3] }, ints([2, 2], [0, 2, 1, 1])],
    attributes: { axis: 1 },
  },
  { opType: "GatherND", inputs: [{ dims: [2, 3, 2] }, ints([3, 2], [0, 1, 1, -1, 0, 1])] },
  {
    opType: "GatherND",
    title: "batched",
    inputs: [{ dims: [2, 3, 2] }, ints([2, 2, 1], [1, 1, 0, 2])],
    attributes: { batch_dims: 1 },
  },
  {
    opType: "GatherND",
    title: "two batch axes",
    inputs: [{ dims: [2, 2, 3] }, ints([2, 2, 1], [1, 0, 2, 2])],
    attributes: { batch_dims: 2 },
  },
  { opType: "GatherND", opset: 11, inputs: [{ dims: [2, 3] }, ints([2, 2], [0, 1, 1, 2])] },
  { opType: "ReverseSequence", inputs: [{ dims: [4, 3, 2] }, ints([3], [4, 1, 3])] },
  {
    opType: "ReverseSequence",
    title: "batch first",
    inputs: [{ dims: [2, 4] }, ints([2], [3, 2])],
    attributes: { batch_axis: 0, time_axis: 1 },
  },
  {
    opType: "ScatterElements",
    inputs: [{ dims: [3, 3] }, ints([2, 3], [1, 0, 2, 0, 2, -2]), { dims: [2, 3] }],
  },
  {
    opType: "ScatterElements",
    title: "add",
    inputs: [{ dims: [2, 4] }, ints([2, 2], [1, 1, 0, 3]), { dims: [2, 2] }],
    attributes: { axis: 1, reduction: "add" },
  },
  {
    opType: "ScatterElements",
    title: "mul",
    inputs: [{ dims: [2, 4] }, ints([2, 2], [1, 1, 0, 3]), { dims: [2, 2], constant: true }],
    attributes: { axis: 1, reduction: "mul" },
  },
  {
    opType: "ScatterElements",
    opset: 11,
    inputs: [{ dims: [3, 2] }, ints([1, 2], [1, 0]), { dims: [1, 2] }],
  },
  { opType: "Scatter", opset: 9, inputs: [{ dims: [3, 2] }, ints([1, 2], [1, 0]), { dims: [1, 2] }] },
  { opType: "ScatterND", inputs: [{ dims: [4, 2] }, ints([2, 1], [3, -4]), { dims: [2, 2] }] },
  {
    opType: "ScatterND",
    title: "add",
    inputs: [{ dims: [4, 2] }, ints([3, 1], [3, 1, 3]), { dims: [3, 2] }],
    attributes: { reduction: "add" },
  },
  {
    opType: "ScatterND",
    title: "mul",
    inputs: [{ dims: [4, 2] }, ints([3, 1], [3, 1, 3]), { dims: [3, 2], constant: true }],
    attributes: { reduction: "mul" },
  },
  { opType: "ScatterND", opset: 11, inputs: [{ dims: [4, 2] }, ints([2, 1], [3, 0]), { dims: [2, 2] }] },
  {
    opType: "ScatterElements",
    title: "max",
    inputs: [
      { dims: [2, 4], distinct: true },
      ints([2, 2], [1, 1, 0, 3]),
      { dims: [2, 2], range: [-0.9, 1.1], distinct: true },
    ],
    attributes: { axis: 1, reduction: "max" },
  },
  {
    opType: "ScatterND",
    title: "max",
    inputs: [
      { dims: [4, 2], distinct: true },
      ints([3, 2], [3, 1, 0, 0, 3, 1]),
      { dims: [3], distinct: true },
    ],
    attributes: { reduction: "max" },
  },
  {
    opType: "ScatterElements",
    title: "min",
    inputs: [
      { dims: [2, 4], distinct: true },
      ints([2, 2], [1, 1, 0, 3]),
      { dims: [2, 2], range: [-0.9, 1.1], distinct: true },
    ],
    attributes: { axis: 1, reduction: "min" },
  },
  {
    opType: "TensorScatter",
    opset: 24,
    precision: "float32",
    inputs: [{ dims: [2, 4, 3] }, { dims: [2, 2, 3] }, ints([2], [2, 0])],
  },
  {
    opType: "TensorScatter",
    opset: 24,
    title: "circular",
    precision: "float32",
    inputs: [{ dims: [2, 2, 4] }, { dims: [2, 2, 3] }, ints([2], [2, 0])],
    attributes: { axis: -1, mode: "circular" },
  },
  {
    opType: "TensorScatter",
    opset: 24,
    title: "at the start",
    precision: "float32",
    inputs: [{ dims: [2, 4, 3] }, { dims: [2, 2, 3] }],
  },
];
