import { describe, expect, test } from "vitest";
import { Graph } from "../onnx/graph.ts";
import type { Model } from "../onnx/model.ts";
import { Node } from "../onnx/node.ts";
import { Value } from "../onnx/value.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { storedTensors } from "./parameters.ts";

/** A model of one node that reads x and the given stored tensor, with what may follow it. */
function modelWith(
  opType: string,
  stored: Tensor,
  options: { index?: number; next?: string; asNode?: true } = {},
): Model {
  const { index = 1, next, asNode } = options;
  const graph = new Graph("g");
  const x = new Value("x");
  const weight = new Value("w");
  if (asNode) {
    const node = new Node("Constant", [], [weight], {});
    node.attributes.set("value", { kind: "tensor", value: stored });
    graph.nodes.push(node);
  } else {
    weight.constant = stored;
    graph.initializers.push(weight);
  }
  const inputs = Array.from({ length: Math.max(2, index + 1) }, (_, i) => (i === index ? weight : x));
  const node = new Node(opType, inputs, [new Value("y")]);
  graph.nodes.push(node);
  if (next) graph.nodes.push(new Node(next, [node.output(), x], [new Value("z")]));
  graph.inputs = [x];
  graph.outputs = [graph.nodes.at(-1)!.output()];
  return {
    graph,
    irVersion: 8,
    opsets: new Map([["", 17]]),
    functions: [],
    producerName: "",
    producerVersion: "",
    metadata: new Map(),
    origin: null,
  };
}

const floats = (dims: number[], ...values: number[]) => tensor("float32", dims, Float32Array.from(values));
const judge = (model: Model) => storedTensors(model)[0]!.constantBecause;

describe("weights are told from constants by their use", () => {
  test.each<[string, Model, boolean]>([
    ["a matrix that a MatMul reads", modelWith("MatMul", floats([2, 2], 1, 2, 3, 4)), true],
    ["the same in a Constant node", modelWith("MatMul", floats([2, 2], 1, 2, 3, 4), { asNode: true }), true],
    ["a gain of one element", modelWith("Mul", floats([1], 0.7)), true],
    ["a gain that starts at zero", modelWith("Mul", floats([1], 0)), true],
    ["the slope of a PRelu", modelWith("PRelu", floats([1], 0.25)), true],
    ["the bias of one unit", modelWith("Gemm", floats([1], 1e-4), { index: 2 }), true],
    [
      "InstanceNormalization's own gains, still at one",
      modelWith("InstanceNormalization", floats([2], 1, 1), { next: "Relu" }),
      true,
    ],
    ["a scalar", modelWith("Mul", floats([], 2)), false],
    ["an epsilon", modelWith("Add", floats([1], 1e-5)), false],
    ["a literal of one element", modelWith("Mul", floats([1], 0.5), { asNode: true }), false],
    ["running statistics", modelWith("BatchNormalization", floats([2], 1, 2), { index: 3 }), false],
    ["scales of a Resize", modelWith("Resize", floats([4], 1, 1, 2, 2), { index: 2 }), false],
    [
      "the ones of a decomposed GroupNormalization",
      modelWith("InstanceNormalization", floats([2], 1, 1), { next: "Reshape" }),
      false,
    ],
    ["a mask of −∞", modelWith("Add", floats([2], 0, Number.NEGATIVE_INFINITY)), false],
    ["a window mask of −100", modelWith("Add", floats([3], 0, -100, 0)), false],
    ["frequencies that go into a sine", modelWith("Mul", floats([2], 1, 0.1), { next: "Sin" }), false],
    ["angles of a sine", modelWith("Sin", floats([2], 1, 0.1), { index: 0 }), false],
  ])("%s", (_, model, isWeight) => {
    expect(judge(model) === null).toBe(isWeight);
  });

  test("cosines and sines of a rotary encoding are recognised by their sum of squares", () => {
    const model = modelWith("Mul", floats([4], 1, 0.6, 0, -0.8));
    const sines = new Value("s");
    sines.constant = floats([4], 0, 0.8, 1, 0.6);
    model.graph.initializers.push(sines);
    model.graph.nodes.push(new Node("Mul", [model.graph.inputs[0]!, sines], [new Value("t")]));
    expect(storedTensors(model).map((t) => t.constantBecause)).toEqual(
      Array(2).fill("cosines or sines of a position encoding"),
    );
  });

  test("ones and zeros beside each other are the gain and bias of a normalisation, no cosines and sines", () => {
    const model = modelWith("BatchNormalization", floats([4], 1, 1, 1, 1));
    const bias = new Value("b");
    bias.constant = floats([4], 0, 0, 0, 0);
    model.graph.initializers.push(bias);
    model.graph.nodes.push(new Node("Add", [model.graph.inputs[0]!, bias], [new Value("t")]));
    expect(storedTensors(model).map((t) => t.constantBecause)).toEqual([null, null]);
  });

  test("a Constant node beside larger initializers is a literal; in a file without initializers it is a weight", () => {
    const slopes = modelWith("Mul", floats([2], 0.25, 0.5), { asNode: true });
    expect(judge(slopes)).toBeNull();
    const weight = new Value("weight");
    weight.constant = floats([2, 2], 1, 2, 3, 4);
    slopes.graph.initializers.push(weight);
    slopes.graph.nodes.push(new Node("MatMul", [slopes.graph.inputs[0]!, weight], [new Value("t")]));
    expect(
      Object.fromEntries(storedTensors(slopes).map((t) => [t.name, t.constantBecause === null])),
    ).toEqual({
      w: false,
      weight: true,
    });
  });
});
