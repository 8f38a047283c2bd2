import { describe, expect, it } from "vitest";
import type { Model } from "../src/onnx/model.ts";
import { dependencies } from "../src/onnx/prune.ts";
import { lower } from "../src/passes/lower.ts";
import { scalar, tensor } from "../src/tensor/tensor.ts";
import { createEvaluator } from "../src/training/constant-evaluator.ts";
import { checkModel, testRuntime } from "./support/gradient-check.ts";
import { type GraphText, graphOf, modelOf, type NodeText } from "./support/graph-of.ts";

const X = tensor(
  "float32",
  [2, 5],
  Float32Array.from({ length: 10 }, (_, i) => (i - 4.5) / 1.7),
);
const one = (value: number) => scalar("float32", value);

/** Every order in which exporters multiply x, ½ and 1 + erf(x / √2). */
const geluForms: Readonly<Record<string, readonly NodeText[]>> = {
  "x (1 + erf(x / √2)) · ½": [
    ["Div", ["x", "root"], ["t"]],
    ["Erf", ["t"], ["e"]],
    ["Add", ["e", "one"], ["s"]],
    ["Mul", ["x", "s"], ["p"]],
    ["Mul", ["p", "half"], ["y"]],
  ],
  "½ x · (1 + erf(x · √½))": [
    ["Mul", ["half", "x"], ["h"]],
    ["Mul", ["x", "inverse"], ["t"]],
    ["Erf", ["t"], ["e"]],
    ["Add", ["one", "e"], ["s"]],
    ["Mul", ["h", "s"], ["y"]],
  ],
  "x · ½ (1 + erf(x / √2)), where x is itself a product": [
    ["Mul", ["x", "x"], ["z"]],
    ["Div", ["z", "root"], ["t"]],
    ["Erf", ["t"], ["e"]],
    ["Add", ["e", "one"], ["s"]],
    ["Mul", ["s", "half"], ["h"]],
    ["Mul", ["z", "h"], ["y"]],
  ],
};

describe("what exporters spell out becomes one operator with the same values and derivative", () => {
  it.each(Object.entries(geluForms))("Gelu: %s", async (title, nodes) => {
    const model = networkOf({ nodes, inputs: { x: null }, outputs: ["y"] });
    expect(await loweredOps(model)).toContain("Gelu");
    await checkModel(model, { title, feeds: new Map([["x", X]]), tolerance: 5e-3, step: 1e-2 });
  });

  it("attention guarded against fully masked rows: no choice is left between the scores and the values", async () => {
    const hidden = Number.NEGATIVE_INFINITY;
    const mask = Float32Array.of(0, hidden, 0, 0, 0, hidden, hidden, hidden, hidden, hidden);
    const model = networkOf({
      constants: {
        square: tensor("float32", [2, 2], Float32Array.of(0.5, -1, 2, 0.3)),
        mask: tensor("float32", [2, 5], mask),
        values: tensor(
          "float32",
          [5, 3],
          Float32Array.from({ length: 15 }, (_, i) => Math.cos(i)),
        ),
        zero: one(0),
      },
      nodes: [
        ["MatMul", ["square", "x"], ["scores"]],
        ["Add", ["scores", "mask"], ["s"]],
        ["Softmax", ["s"], ["p"], { axis: -1 }],
        ["IsNaN", ["p"], ["n"]],
        ["Where", ["n", "zero", "p"], ["c"]],
        ["MatMul", ["c", "values"], ["y"]],
      ],
      inputs: { x: null },
      outputs: ["y"],
    });
    expect(await loweredOps(model)).not.toContain("Where");
    await checkModel(model, { title: "attention", feeds: new Map([["x", X]]), tolerance: 5e-3, step: 1e-2 });
  });

  it("a layer norm over the last axis", async () => {
    const row = (f: (i: number) => number) =>
      tensor(
        "float32",
        [5],
        Float32Array.from({ length: 5 }, (_, i) => f(i)),
      );
    const model = networkOf({
      constants: { scale: row((i) => 1 + i / 5), bias: row(Math.sin), two: one(2), epsilon: one(1e-5) },
      nodes: [
        ["Mul", ["x", "x"], ["v"]],
        ["ReduceMean", ["v"], ["m"], { axes: [-1] }],
        ["Sub", ["v", "m"], ["d"]],
        ["Pow", ["d", "two"], ["q"]],
        ["ReduceMean", ["q"], ["w"], { axes: [-1] }],
        ["Add", ["w", "epsilon"], ["e"]],
        ["Sqrt", ["e"], ["r"]],
        ["Div", ["d", "r"], ["z"]],
        ["Mul", ["z", "scale"], ["p"]],
        ["Add", ["p", "bias"], ["y"]],
      ],
      inputs: { x: null },
      outputs: ["y"],
    });
    expect(await loweredOps(model)).toEqual(["LayerNormalization", "Mul"]);
    await checkModel(model, { title: "layer norm", feeds: new Map([["x", X]]), tolerance: 5e-3, step: 1e-2 });
  });

  it("a product that only looks like Gelu stays as it is", async () => {
    const [div, erf, add, mul] = geluForms["x (1 + erf(x / √2)) · ½"]!;
    const model = networkOf({
      nodes: [div!, erf!, add!, mul!, ["Mul", ["p", "one"], ["y"]]],
      inputs: { x: null },
      outputs: ["y"],
    });
    expect(await loweredOps(model)).not.toContain("Gelu");
  });
});

function networkOf(text: GraphText): Model {
  const shared = { half: one(0.5), one: one(1), root: one(Math.SQRT2), inverse: one(Math.SQRT1_2) };
  const graph = graphOf({ ...text, constants: { ...shared, ...text.constants } });
  for (const input of graph.inputs) input.declared = { dtype: "float32", dims: [...X.dims] };
  return modelOf(graph, 17);
}

/** Operators of the lowered model that its outputs depend on. */
async function loweredOps(model: Model): Promise<string[]> {
  const inputShapes = new Map(model.graph.inputs.map((v) => [v.name, X.dims]));
  const evaluate = createEvaluator(await testRuntime());
  const { graph } = await lower(model, { inputShapes, parameters: [], evaluate });
  return [...dependencies(graph, graph.outputs).nodes].map((n) => n.opType);
}
