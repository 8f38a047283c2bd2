import type { DeclaredType } from "../../src/onnx/type.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import type { GradientCase } from "../support/gradient-check.ts";
import { bodyOf } from "../support/graph-of.ts";

const double = (...data: number[]): Tensor => tensor("float64", [data.length], Float64Array.from(data));
const branch = (value: Tensor) =>
  bodyOf({ nodes: [["Constant", [], ["constant"], { value }]], outputs: ["constant"] });

const scalarInt = { dtype: "int64", dims: [] } as const;
const flag = { dtype: "bool", dims: [] } as const;
const narrow = { dtype: "float32", dims: [2] } as const;
const vector = { dtype: "float64", dims: [2] } as const;

/** v ← v · v + v; collects v · v. Runs on as it was told. */
const square = bodyOf({
  inputs: { i: scalarInt, go: flag, v: vector },
  nodes: [
    ["Identity", ["go"], ["going"]],
    ["Mul", ["v", "v"], ["vv"]],
    ["Add", ["vv", "v"], ["next"]],
  ],
  outputs: ["going", "next", "vv"],
  declared: { vv: vector }, // needed where the loop does not run
});

/** v ← v · i + v; ends by itself after the iteration i = 2. */
const untilTwo = bodyOf({
  inputs: { i: scalarInt, go: flag, v: vector },
  nodes: [
    ["Cast", ["i"], ["factor"], { to: 11 }],
    ["Mul", ["v", "factor"], ["scaled"]],
    ["Add", ["scaled", "v"], ["next"]],
    ["Mul", ["i", "i"], ["ii"]],
    ["Equal", ["ii", "i"], ["going"]],
  ],
  outputs: ["going", "next"],
});

/** s ← s · x + x; collects s. */
const recurrenceOf = (v: DeclaredType) =>
  bodyOf({
    inputs: { s: v, x: v },
    nodes: [
      ["Mul", ["s", "x"], ["sx"]],
      ["Add", ["sx", "x"], ["next"]],
      ["Identity", ["next"], ["seen"]],
    ],
    outputs: ["next", "seen"],
    declared: { next: v, seen: v },
  });
const recurrence = recurrenceOf(vector);

const times = (n: number) => ({ dtype: "int64", dims: [], data: [n] }) as const;
const always = { dtype: "bool", dims: [], data: [1] } as const;

export const controlFlowCases: readonly GradientCase[] = [
  ...[1, 0].map(
    (condition): GradientCase => ({
      opType: "If",
      title: condition ? "true" : "false",
      inputs: [{ dtype: "bool", dims: [1], data: [condition] }],
      attributes: { then_branch: branch(double(1, 2)), else_branch: branch(double(3, 4, 5)) },
    }),
  ),
  { opType: "Loop", inputs: [times(3), always, { dims: [2] }], attributes: { body: square }, outputs: 2 },
  {
    opType: "Loop",
    opset: 11,
    title: "ended by its condition",
    inputs: [times(9), always, { dims: [2] }],
    attributes: { body: untilTwo },
  },
  {
    opType: "Loop",
    title: "without a count",
    inputs: [null, always, { dims: [2] }],
    attributes: { body: untilTwo },
  },
  {
    opType: "Loop",
    title: "that does not run",
    inputs: [times(0), null, { dims: [2] }],
    attributes: { body: square },
    outputs: 2,
  },
  {
    opType: "Scan",
    inputs: [{ dims: [2] }, { dims: [4, 2] }],
    attributes: { body: recurrence, num_scan_inputs: 1 },
    outputs: 2,
  },
  {
    opType: "Scan",
    opset: 11,
    title: "backwards, along other axes",
    inputs: [{ dims: [2] }, { dims: [2, 3] }],
    attributes: {
      body: recurrence,
      num_scan_inputs: 1,
      scan_input_axes: [-1],
      scan_input_directions: [1],
      scan_output_axes: [1],
      scan_output_directions: [1],
    },
    outputs: 2,
  },
  {
    opType: "Scan",
    title: "over one element",
    inputs: [{ dims: [2] }, { dims: [1, 2] }],
    attributes: { body: recurrence, num_scan_inputs: 1 },
    outputs: 2,
  },
  {
    opType: "Scan",
    opset: 8,
    title: "of a batch",
    precision: "float32",
    inputs: [null, { dims: [3, 2] }, { dims: [3, 4, 2] }],
    attributes: { body: recurrenceOf(narrow), num_scan_inputs: 1, directions: [1] },
    outputs: 2,
  },
];
