import { expect, test } from "vitest";
import { int64s, scalar, tensor } from "../src/tensor/tensor.ts";
import { check, doubles, lowering, type } from "./support/control-flow.ts";
import { graphOf, modelOf } from "./support/graph-of.ts";

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
