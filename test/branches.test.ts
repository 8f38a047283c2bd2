import { expect, test } from "vitest";
import { allProblems } from "../src/errors.ts";
import type { Model } from "../src/onnx/model.ts";
import { lower } from "../src/passes/lower.ts";
import { createRandom } from "../src/tensor/random.ts";
import { sizeOf } from "../src/tensor/shape.ts";
import { int64s, scalar, type Tensor, tensor } from "../src/tensor/tensor.ts";
import { createEvaluator } from "../src/training/constant-evaluator.ts";
import { checkModel, testRuntime } from "./support/gradient-check.ts";
import { graphOf, modelOf } from "./support/graph-of.ts";

function doubles(...dims: number[]): Tensor {
  const random = createRandom(sizeOf(dims));
  return tensor(
    "float64",
    dims,
    Float64Array.from({ length: sizeOf(dims) }, () => 2 * random.next() - 1),
  );
}

const type = (t: Tensor) => ({ dtype: t.dtype, dims: t.dims });
const check = (model: Model, feeds: Readonly<Record<string, Tensor>>) =>
  checkModel(model, { title: "model", feeds: new Map(Object.entries(feeds)), tolerance: 1e-6, step: 1e-5 });

async function lowering(model: Model, feeds: Readonly<Record<string, Tensor>>) {
  const lowered = await lower(model, {
    inputShapes: new Map(Object.entries(feeds).map(([name, t]) => [name, t.dims])),
    parameters: [],
    evaluate: createEvaluator(await testRuntime()),
  });
  for (const output of model.graph.outputs) {
    const refused = lowered.refused.get(output);
    if (refused) throw allProblems(refused);
  }
  return lowered;
}

test("where data decide between branches, both are computed and the one in force gets the gradient", async () => {
  const x = doubles(3);
  const model = modelOf(
    graphOf({
      inputs: { x: type(x) },
      constants: { w: doubles(3), limit: tensor("float64", [], Float64Array.of(0)) },
      nodes: [
        ["Mul", ["x", "w"], ["xw"]],
        ["ReduceSum", ["xw"], ["sum"], { keepdims: 0 }],
        ["Greater", ["sum", "limit"], ["isAbove"]],
        [
          "If",
          ["isAbove"],
          ["y", "z"],
          {
            then_branch: {
              nodes: [
                ["Sin", ["xw"], ["a"]],
                ["Mul", ["a", "x"], ["c"]],
                ["Identity", ["xw"], ["same"]],
              ],
              outputs: ["c", "same"],
            },
            else_branch: {
              nodes: [
                ["Exp", ["xw"], ["a"]],
                ["Neg", ["a"], ["c"]],
              ],
              outputs: ["a", "c"],
            },
          },
        ],
        ["Mul", ["y", "z"], ["out"]],
      ],
      outputs: ["out"],
    }),
  );
  await check(model, { x });
  await check(model, {
    x: tensor(
      "float64",
      [3],
      Float64Array.from(x.data as Float64Array, (v) => -v),
    ),
  });
});

test("a branch that is not taken lets out no NaN and reads no index that is out of range", async () => {
  const [x, table] = [tensor("float64", [3], Float64Array.of(0.5, 2, 3)), doubles(4)];
  const model = modelOf(
    graphOf({
      inputs: { x: type(x), table: type(table), at: { dtype: "int64", dims: [2] } },
      constants: { limit: tensor("float64", [], Float64Array.of(0)), four: scalar("int64", 4) },
      nodes: [
        ["ReduceSum", ["x"], ["sum"], { keepdims: 0 }],
        ["Greater", ["sum", "limit"], ["isAbove"]],
        ["Add", ["at", "four"], ["beyond"]],
        [
          "If",
          ["isAbove"],
          ["y", "flag"],
          {
            then_branch: {
              nodes: [
                ["Log", ["x"], ["a"]],
                ["Greater", ["a", "limit"], ["isPositive"]],
              ],
              outputs: ["a", "isPositive"],
            },
            else_branch: {
              nodes: [
                ["Neg", ["x"], ["minus"]],
                ["Sqrt", ["minus"], ["root"]],
                ["Reciprocal", ["root"], ["over"]],
                ["Gather", ["table", "beyond"], ["rows"]],
                ["ReduceSum", ["rows"], ["total"], { keepdims: 0 }],
                ["Mul", ["over", "total"], ["b"]],
                ["Less", ["b", "limit"], ["isNegative"]],
              ],
              outputs: ["b", "isNegative"],
            },
          },
        ],
        ["Cast", ["flag"], ["number"], { to: 11 }],
        ["Mul", ["y", "number"], ["picked"]],
        ["Add", ["picked", "y"], ["out"]],
      ],
      outputs: ["out"],
    }),
  );
  await check(model, { x, table, at: int64s([0, 1]) });
});

test("branches of other shapes are refused, with the node's name and the shapes", async () => {
  const model = modelOf(
    graphOf({
      inputs: { x: { dtype: "float64", dims: [2] } },
      constants: { zero: tensor("float64", [], Float64Array.of(0)) },
      nodes: [
        ["ReduceSum", ["x"], ["sum"], { keepdims: 0 }],
        ["Greater", ["sum", "zero"], ["isPositive"]],
        [
          "If",
          ["isPositive"],
          ["y"],
          {
            then_branch: { nodes: [["Neg", ["x"], ["a"]]], outputs: ["a"] },
            else_branch: { nodes: [["ReduceSum", ["x"], ["a"]]], outputs: ["a"] },
          },
        ],
      ],
      outputs: ["y"],
    }),
  );
  await expect(lowering(model, { x: doubles(2) })).rejects.toThrow(
    'If "y" (domain ai.onnx, opset 21): its condition depends on the data, so both branches have to be computed, and its ' +
      "output 0 is float64[2] in one branch and float64[1] in the other",
  );
});
