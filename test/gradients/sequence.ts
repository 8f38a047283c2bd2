import type { Value } from "../../src/onnx/value.ts";
import type { Apply, GradientCase, IntegerInput } from "../support/gradient-check.ts";
import { bodyOf } from "../support/graph-of.ts";

function ints(dims: readonly number[], ...data: number[]): IntegerInput {
  return { dtype: "int64", dims, data };
}
const x = { dims: [2, 3] };
const place = (at: number) => ints([], at);

/** A sequence of the first two inputs. */
const pair = (apply: Apply, [a, c]: readonly Value[]): Value => apply("SequenceConstruct", [a!, c!]);
const join = (apply: Apply, list: Value): Value => apply("ConcatFromSequence", [list], { axis: 0 });

const square = bodyOf({
  inputs: { v: { dtype: "float64", dims: null }, w: { dtype: "float64", dims: null } },
  nodes: [["Mul", ["v", "w"], ["vw"]]],
  outputs: ["vw"],
  declared: { vw: { dtype: "float64", dims: null } },
});

export const sequenceCases: readonly GradientCase[] = [
  { opType: "SequenceConstruct", inputs: [x, x], body: (apply, i) => join(apply, pair(apply, i)) },
  {
    opType: "SequenceEmpty",
    inputs: [x],
    body: (apply, [a]) =>
      join(apply, apply("SequenceInsert", [apply("SequenceEmpty", [], { dtype: 11 }), a!])),
  },
  ...[0, -1, 2].map(
    (at): GradientCase => ({
      opType: "SequenceInsert",
      title: `at ${at}`,
      inputs: [x, { dims: [1, 3] }, place(at)],
      body: (apply, [a, c, p]) => join(apply, apply("SequenceInsert", [pair(apply, [a!, a!]), c!, p!])),
    }),
  ),
  {
    opType: "SequenceErase",
    inputs: [x, x, place(-2)],
    body: (apply, i) =>
      join(apply, apply("SequenceErase", [pair(apply, [i[0]!, apply("Mul", [i[0]!, i[1]!])]), i[2]!])),
  },
  {
    opType: "SequenceErase",
    title: "the last",
    inputs: [x],
    body: (apply, [a]) => join(apply, apply("SequenceErase", [pair(apply, [a!, a!])])),
  },
  {
    opType: "SequenceAt",
    inputs: [x, place(-1)],
    body: (apply, [a, p]) => apply("SequenceAt", [pair(apply, [a!, apply("Mul", [a!, a!])]), p!]),
  },
  {
    opType: "SequenceLength",
    inputs: [x],
    zero: true,
    body: (apply, [a]) => apply("SequenceLength", [apply("Identity", [pair(apply, [a!, a!])])]),
  },
  {
    opType: "ConcatFromSequence",
    title: "along a new axis",
    inputs: [x, x],
    body: (apply, i) => apply("ConcatFromSequence", [pair(apply, i)], { axis: -1, new_axis: 1 }),
  },
  {
    opType: "ConcatFromSequence",
    inputs: [x, x],
    body: (apply, i) => apply("ConcatFromSequence", [pair(apply, i)], { axis: -1 }),
  },
  {
    opType: "SplitToSequence",
    title: "one by one, without the axis",
    inputs: [x, place(1)],
    body: (apply, [a, p]) =>
      apply("SequenceAt", [apply("SplitToSequence", [a!], { axis: 1, keepdims: 0 }), p!]),
  },
  {
    opType: "SplitToSequence",
    title: "by a size",
    inputs: [{ dims: [5, 2] }, ints([], 2), place(2)],
    body: (apply, [a, size, p]) => apply("SequenceAt", [apply("SplitToSequence", [a!, size!]), p!]),
  },
  {
    opType: "SplitToSequence",
    title: "by sizes",
    inputs: [{ dims: [2, 5] }, ints([2], 2, 3), place(1)],
    body: (apply, [a, sizes, p]) =>
      apply("SequenceAt", [apply("SplitToSequence", [a!, sizes!], { axis: -1 }), p!]),
  },
  {
    opType: "SequenceMap",
    inputs: [x, x],
    body: (apply, i) => join(apply, apply("SequenceMap", [pair(apply, i), i[1]!], { body: square })),
  },
  {
    opType: "Optional",
    inputs: [x],
    body: (apply, [a]) => apply("OptionalGetElement", [apply("Optional", [a!])]),
  },
  { opType: "OptionalGetElement", opset: 18, inputs: [x] },
  { opType: "OptionalHasElement", opset: 18, inputs: [x], zero: true },
];
