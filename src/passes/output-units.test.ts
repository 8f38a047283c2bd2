import { describe, expect, it } from "vitest";
import { graphOf, type NodeText } from "../../test/support/graph-of.ts";
import { tensor } from "../tensor/tensor.ts";
import { outputUnits } from "./output-units.ts";

const unitsOf = (dims: readonly number[], ...nodes: readonly NodeText[]) => {
  const w = tensor("float32", dims, new Float32Array(dims.reduce((a, b) => a * b)));
  const last = nodes.at(-1)![2][0]!;
  const graph = graphOf({ inputs: { x: null }, constants: { w }, nodes, outputs: [last] });
  return outputUnits(graph.initializers, dims.length);
};

describe("the output units of a weight", () => {
  it.each<[string, readonly number[], readonly NodeText[], number, number]>([
    ["a MatMul's right side", [3, 5], [["MatMul", ["x", "w"], ["y"]]], 1, 1],
    ["a MatMul's left side", [5, 3], [["MatMul", ["w", "x"], ["y"]]], 0, 1],
    ["a Gemm", [3, 5], [["Gemm", ["x", "w"], ["y"]]], 1, 1],
    ["a Gemm with transB, as PyTorch's Linear", [5, 3], [["Gemm", ["x", "w"], ["y"], { transB: 1 }]], 0, 1],
    ["a convolution", [8, 3, 3, 3], [["Conv", ["x", "w"], ["y"]]], 0, 1],
    [
      "a transposed convolution in groups",
      [4, 3, 2, 2],
      [["ConvTranspose", ["x", "w"], ["y"], { group: 2 }]],
      1,
      2,
    ],
    ["an LSTM's input weight", [1, 16, 3], [["LSTM", ["x", "w", "x"], ["y"]]], 1, 1],
    ["a table", [10, 4], [["Gather", ["w", "x"], ["y"]]], 0, 1],
    ["a bias", [4], [["Add", ["x", "w"], ["y"]]], 0, 1],
    [
      "a Linear that is transposed before its MatMul",
      [5, 3],
      [
        ["Transpose", ["w"], ["t"], { perm: [1, 0] }],
        ["MatMul", ["x", "t"], ["y"]],
      ],
      0,
      1,
    ],
    [
      "a transposition that reverses the axes",
      [5, 3],
      [
        ["Transpose", ["w"], ["t"]],
        ["Identity", ["t"], ["i"]],
        ["Gemm", ["x", "i"], ["y"], { transB: 1 }],
      ],
      1,
      1,
    ],
    ["a weight whose reader does not say", [3, 5], [["Mul", ["x", "w"], ["y"]]], 0, 1],
  ])("of %s", (_what, dims, nodes, axis, groups) => {
    expect(unitsOf(dims, ...nodes)).toEqual({ axis, groups });
  });

  it("are told by the first reader that says, where others do not", () => {
    expect(unitsOf([3, 5], ["Mul", ["x", "w"], ["z"]], ["MatMul", ["x", "w"], ["y"]]).axis).toBe(1);
  });
});
