import { beforeAll, describe, expect, test } from "vitest";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeModel } from "../../src/onnx/encode.ts";
import type { Model } from "../../src/onnx/model.ts";
import { fixInputs } from "../../src/passes/fix-inputs.ts";
import { storedTensors } from "../../src/passes/parameters.ts";
import { openRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { scalar, type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { gradientsOf, normals, relativeError } from "../support/gradients-of.ts";
import { graphOf, modelOf } from "../support/graph-of.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

const x = normals([2, 4], 1);
const [fast, slow, gain] = [normals([4, 3], 2), normals([4, 3], 3), normals([3], 4)];

/** A network as voice detectors are exported: an input decides between two sets of weights, which lie in the branches. */
function twoRates(): Model {
  const branch = (weight: Tensor, last: string) => ({
    constants: { "fc.weight": weight },
    nodes: [
      ["MatMul", ["x", "fc.weight"], ["h"]],
      ["Constant", [], ["gain"], { value: gain }],
      ["Mul", ["h", "gain"], ["scaled"]],
      [last, ["scaled"], ["taken"]],
    ] as const,
    outputs: ["taken"],
  });
  return modelOf(
    graphOf({
      inputs: { x: { dtype: "float32", dims: [2, 4] }, sr: { dtype: "int64", dims: [] } },
      constants: { fast: scalar("int64", 16000) },
      nodes: [
        ["Equal", ["sr", "fast"], ["isFast"]],
        [
          "If",
          ["isFast"],
          ["y"],
          { then_branch: branch(fast, "Tanh"), else_branch: branch(slow, "Sigmoid") },
        ],
      ],
      outputs: ["y"],
    }),
    17,
  );
}

/** One branch by itself. */
function oneRate(weight: Tensor, last: string): Model {
  return modelOf(
    graphOf({
      inputs: { x: { dtype: "float32", dims: [2, 4] } },
      constants: { "fc.weight": weight, gain },
      nodes: [
        ["MatMul", ["x", "fc.weight"], ["h"]],
        ["Mul", ["h", "gain"], ["scaled"]],
        [last, ["scaled"], ["y"]],
      ],
      outputs: ["y"],
    }),
    17,
  );
}

describe("weights that lie in branches", () => {
  test("are listed; equal names are told apart by the branch", () => {
    expect(storedTensors(twoRates()).map((t) => t.name)).toEqual([
      "fc.weight",
      "gain",
      "y.else_branch/fc.weight",
      "y.else_branch/gain",
    ]);
  });

  test("get the gradients of the branch alone once the input that decides is fixed, and the input is gone", async () => {
    const want = await gradientsOf(runtime, oneRate(slow, "Sigmoid"), { x });
    const model = twoRates();
    fixInputs(model, new Map([["sr", 8000]]));
    const got = await gradientsOf(runtime, model, { x }, /weight/);
    expect([...got.graph.inputs.keys()]).toEqual(["x"]);
    expect(got.graph.unreachable.map((t) => t.name)).toEqual(["fc.weight"]);
    expect(relativeError(got.of.get("y.else_branch/fc.weight")!, want.of.get("fc.weight")!)).toBeLessThan(
      1e-6,
    );
  });

  test("get zeros where the data decide against their branch", async () => {
    const want = await gradientsOf(runtime, oneRate(fast, "Tanh"), { x });
    const got = await gradientsOf(
      runtime,
      twoRates(),
      { x, sr: tensor("int64", [], BigInt64Array.of(16000n)) },
      /weight/,
    );
    expect(relativeError(got.of.get("fc.weight")!, want.of.get("fc.weight")!)).toBeLessThan(1e-6);
    expect(got.of.get("y.else_branch/fc.weight")!.every((v) => v === 0)).toBe(true);
  });

  test("are written back into their branch, and the file does not know that the input was fixed", () => {
    const model = twoRates();
    fixInputs(model, new Map([["sr", 8000]]));
    const changed = storedTensors(model).find((t) => t.name === "y.else_branch/fc.weight")!;
    changed.value.constant = normals([4, 3], 8);
    const again = decodeModel(encodeModel(model));
    const stored = storedTensors(again).find((t) => t.name === "y.else_branch/fc.weight");
    expect(stored?.value.constant?.data).toEqual(normals([4, 3], 8).data);
    expect(again.graph.inputs.map((v) => [v.name, v.constant])).toEqual([
      ["x", null],
      ["sr", null],
    ]);
  });
});

test("an input that the model does not have, or of no concrete shape, cannot be fixed", () => {
  expect(() => fixInputs(twoRates(), new Map([["rate", 1]]))).toThrow("no such input; its inputs are x, sr");
  const model = twoRates();
  model.graph.inputs[1]!.declared = { dtype: "int64", dims: ["n"] };
  expect(() => fixInputs(model, new Map([["sr", 1]]))).toThrow("--fix sr: the input is int64[n]");
  fixInputs(model, new Map([["sr", 7]]), new Map([["n", 2]]));
  expect(model.graph.inputs[1]?.constant).toEqual(tensor("int64", [2], BigInt64Array.of(7n, 7n)));
});
