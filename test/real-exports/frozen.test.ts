import { expect, test } from "vitest";
import { decodeModel } from "../../src/onnx/decode.ts";
import { openRuntime } from "../../src/runtime/runtime.ts";
import { gradientsOf, normals } from "../support/gradients-of.ts";
import { graphOf, modelOf } from "../support/graph-of.ts";

test("where a file could not hold the frozen weights, both models take them as inputs, and nothing else changes", async () => {
  const runtime = await openRuntime({ prefer: "native", threads: 1 });
  const x = normals([2, 4], 1);
  const model = modelOf(
    graphOf({
      inputs: { x: { dtype: "float32", dims: [2, 4] } },
      constants: { first: normals([4, 6], 2), turned: normals([6, 6], 3), last: normals([6, 3], 4) },
      nodes: [
        ["MatMul", ["x", "first"], ["a"]],
        ["Tanh", ["a"], ["b"]],
        ["Transpose", ["turned"], ["t"], { perm: [1, 0] }],
        ["MatMul", ["b", "t"], ["c"]],
        ["Tanh", ["c"], ["d"]],
        ["MatMul", ["d", "last"], ["y"]],
      ],
      outputs: ["y"],
    }),
    17,
  );
  const stored = await gradientsOf(runtime, model, { x }, /first/);
  const fed = await gradientsOf(runtime, model, { x }, /first/, { largestStored: 60 });
  expect(stored.graph.frozen.size).toBe(0);
  expect([...fed.graph.frozen.values()].map((t) => t.dims)).toEqual([
    [6, 6],
    [6, 3],
  ]);
  expect(fed.loss).toBe(stored.loss);
  expect(fed.of.get("first")).toEqual(stored.of.get("first"));
  const names = decodeModel(fed.graph.evalModel).graph.inputs.map((v) => v.name);
  expect(names).toEqual(expect.arrayContaining(["x", "targets", "first", ...fed.graph.frozen.keys()]));
});
