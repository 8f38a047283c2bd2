import { beforeAll, describe, expect, test } from "vitest";
import { UnsupportedOpError } from "../../src/errors.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeModel } from "../../src/onnx/encode.ts";
import type { Model } from "../../src/onnx/model.ts";
import { Node } from "../../src/onnx/node.ts";
import { openRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { int64s, scalar } from "../../src/tensor/tensor.ts";
import { inspectModel } from "../../src/training/inspect.ts";
import { gradientsOf, normals } from "../support/gradients-of.ts";
import { type GraphText, graphOf, modelOf } from "../support/graph-of.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

const x = normals([2, 4], 1);
const inputs = { x: { dtype: "float32", dims: [2, 4] } } as const;
const w = normals([4, 4], 2);

function modelWith(text: GraphText): Model {
  return modelOf(graphOf(text), 17);
}

/** Makes nodes of an operator ones of another domain. */
function inDomain(model: Model, opType: string, domain: string): Model {
  model.opsets.set(domain, 3);
  model.graph.nodes = model.graph.nodes.map((node) => {
    if (node.opType !== opType) return node;
    const { name, outputs } = node;
    const inputs = [...node.inputs];
    node.detach();
    return new Node(opType, inputs, outputs, { domain, name });
  });
  return decodeModel(encodeModel(model));
}

async function errorOf(model: Model, trainable?: RegExp): Promise<UnsupportedOpError> {
  return gradientsOf(runtime, model, { x }, trainable).then(
    () => expect.fail("it was built"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(UnsupportedOpError);
      return error as UnsupportedOpError;
    },
  );
}

describe("what cannot be in a training graph", () => {
  test("an operator that nobody knows is named with node, domain, opset, reason and remedy", async () => {
    const model = modelWith({
      inputs,
      constants: { w },
      nodes: [
        ["MatMul", ["x", "w"], ["h"]],
        ["Swizzle", ["h"], ["y"]],
      ],
      outputs: ["y"],
    });
    const error = await errorOf(inDomain(model, "Swizzle", "com.acme"));
    expect(error.message).toBe(
      'com.acme.Swizzle "y" (domain com.acme, opset 3): Holdfast has no record of this operator. ' +
        "Export the model with standard operators, or cut it before this node with --head.from.",
    );
    expect(error.details).toMatchObject({ opType: "Swizzle", domain: "com.acme", opset: 3 });
  });

  test("a shape that the data decide is named by the node that makes it", async () => {
    const model = modelWith({
      inputs,
      constants: { w, flat: int64s([-1]) },
      nodes: [
        ["MatMul", ["x", "w"], ["h"]],
        ["NonZero", ["h"], ["places"]],
        ["Reshape", ["places", "flat"], ["list"]],
        ["Cast", ["list"], ["y"], { to: 1 }],
      ],
      outputs: ["y"],
    });
    const { message } = await errorOf(model);
    expect(message).toMatch(
      /^NonZero "places" \(domain ai\.onnx, opset \d+\): the shape of its output depends on/,
    );
    expect(message).toMatch(/Cut the model before this node with --head\.from/);
  });

  test("a loop whose number of turns the data decide is named, with what to fix", async () => {
    const model = modelWith({
      inputs,
      constants: { w, yes: scalar("bool", 1) },
      nodes: [
        ["MatMul", ["x", "w"], ["h"]],
        ["ReduceMax", ["h"], ["most"], { keepdims: 0 }],
        ["Cast", ["most"], ["turns"], { to: 7 }],
        [
          "Loop",
          ["turns", "yes", "h"],
          ["y"],
          {
            body: {
              inputs: {
                i: { dtype: "int64", dims: [] },
                go: { dtype: "bool", dims: [] },
                v: { dtype: "float32", dims: [2, 4] },
              },
              nodes: [
                ["Identity", ["go"], ["going"]],
                ["Sin", ["v"], ["next"]],
              ],
              outputs: ["going", "next"],
            },
          },
        ],
      ],
      outputs: ["y"],
    });
    expect((await errorOf(model)).message).toBe(
      'Loop "y" (domain ai.onnx, opset 17): its number of iterations depends on the data, so the training graph would ' +
        "differ from batch to batch. Fix the input that decides it with --fix NAME=VALUE, or export the model with the number fixed.",
    );
  });

  test("all of them are told at once, and inspect tells the same", async () => {
    const model = inDomain(
      modelWith({
        inputs,
        constants: { w },
        nodes: [
          ["Swizzle", ["x"], ["a"]],
          ["MatMul", ["x", "w"], ["h"]],
          ["Swizzle", ["h"], ["b"]],
          ["NonZero", ["h"], ["c"]],
          ["Cast", ["c"], ["d"], { to: 1 }],
          ["Add", ["a", "b"], ["ab"]],
          ["Sum", ["ab", "d", "h"], ["y"]],
        ],
        outputs: ["y"],
      }),
      "Swizzle",
      "com.acme",
    );
    const error = await errorOf(model);
    expect(error.problems.map((p) => p.details.opType)).toEqual(["Swizzle", "Swizzle", "NonZero"]);
    expect(error.message).toMatch(
      /^3 nodes stand in the way of a training graph:\n {2}1\. com\.acme\.Swizzle "a".*\n {2}2\. com\.acme\.Swizzle "b".*\n {2}3\. NonZero "c"/,
    );
    const { problem } = await inspectModel(model, { runtime, inputShapes: new Map([["x", [2, 4]]]) });
    expect(problem).toBe(error.message);
  });

  test("operators without a derivative are told at once too, but only those between a weight and the loss", async () => {
    const model = modelWith({
      inputs,
      constants: { w, v: normals([4, 4], 3) },
      nodes: [
        ["Det", ["w"], ["before"]],
        ["MatMul", ["x", "w"], ["h"]],
        ["DynamicQuantizeLinear", ["h"], ["q", "scale", "zero"]],
        ["DequantizeLinear", ["q", "scale", "zero"], ["h2"]],
        ["MatMul", ["h2", "v"], ["m"]],
        ["DynamicQuantizeLinear", ["m"], ["q2", "scale2", "zero2"]],
        ["DequantizeLinear", ["q2", "scale2", "zero2"], ["y"]],
      ],
      outputs: ["y"],
    });
    const error = await errorOf(model);
    expect(error.problems.length).toBeGreaterThan(1);
    expect(error.problems.every((p) => /quantize/i.test(p.message))).toBe(true);
  });
});

test("what stands beside the way to the loss is no problem: the output it makes is left out", async () => {
  const model = inDomain(
    modelWith({
      inputs,
      constants: { w },
      nodes: [
        ["MatMul", ["x", "w"], ["scores"]],
        ["Suppress", ["scores"], ["kept"]],
        ["Neg", ["kept"], ["boxes"]],
      ],
      outputs: ["scores", "boxes"],
    }),
    "Suppress",
    "com.acme",
  );
  const { graph, of } = await gradientsOf(runtime, model, { x });
  expect([...of.keys()]).toEqual(["w"]);
  expect([...graph.outputs.keys()]).toEqual(["scores"]);
  expect([...graph.omitted.keys()]).toEqual(["boxes"]);
});
