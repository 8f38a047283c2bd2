import { describe, expect, it } from "vitest";
import { decodeModel } from "../onnx/decode.ts";
import type { Value } from "../onnx/value.ts";
import { NetworkWriter } from "../picture/networks.fixtures.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { inspectModel } from "./inspect.ts";
import { createTinyModel } from "./tiny-model.fixtures.ts";

it("says of a convolutional net what a person would count", async () => {
  const model = decodeModel(createTinyModel());
  const runtime = await openRuntime({ threads: 1 });
  const inputShapes = new Map([["image", [2, 1, 8, 8]]]);
  const { parameters, operators, problem, memory } = await inspectModel(model, { runtime, inputShapes });
  expect(problem).toBeNull();
  expect(parameters.map((p) => [p.name, p.elements, p.role, p.depth])).toEqual([
    ["conv.weight", 36, "weight", 0],
    ["conv.bias", 4, "bias", 0],
    ["fc.weight", 12, "weight", 4],
    ["fc.bias", 3, "bias", 4],
  ]);
  expect(operators.map((o) => [o.opType, o.count, o.gradient, o.onTrainablePath])).toEqual(
    ["Conv", "Flatten", "Gemm", "GlobalAveragePool", "Relu"].map((name) => [name, 1, "yes", 1]),
  );
  expect(memory?.parameters).toBe(5 * 4 * (36 + 4 + 12 + 3));
  // The convolution's output and its ReLU, float32 [2, 4, 8, 8] each, are alive together at least.
  expect(memory?.activations).toBeGreaterThanOrEqual(2 * 4 * 2 * 4 * 8 * 8);
  expect(memory?.activations).toBeLessThan(20 * 4 * 2 * 4 * 8 * 8);
});

it("gives the same path of gradients without shapes, from the graph alone", async () => {
  const runtime = await openRuntime({ threads: 1 });
  const { operators, memory } = await inspectModel(decodeModel(createTinyModel()), { runtime });
  expect(operators.every((o) => o.onTrainablePath === 1)).toBe(true);
  expect(memory).toBeNull();
});

describe("what is in the way of training", () => {
  const inspect = async (w: NetworkWriter, output: Value) => {
    const inputShapes = new Map([["x", [2, 4]]]);
    return inspectModel(w.model(output), { runtime: await openRuntime({ threads: 1 }), inputShapes });
  };

  it("is a node of an operator that nobody knows, with its name and what lies behind it", async () => {
    const w = new NetworkWriter();
    const strange = w.op("Mystery", [w.linear(w.input("x", ["batch", 4]), 4, 4)], {}, "odd");
    const { blocked, problem, memory } = await inspect(w, w.linear(strange, 4, 3));
    expect(blocked).toMatchObject([{ node: "odd", opType: "Mystery", domain: "", opset: 17 }]);
    expect(blocked[0]?.remedy).toMatch(
      /standard operators, or put a new head on what it reads \(--head\.from \w+\)$/,
    );
    expect(problem).toMatch(/Mystery "odd"/);
    expect(memory).toBeNull();
  });

  it("is a shape that follows from data", async () => {
    const w = new NetworkWriter();
    const x = w.linear(w.input("x", ["batch", 4]), 4, 4);
    const { problem } = await inspect(w, w.op("Cast", [w.op("NonZero", [x])], { to: 1 }));
    expect(problem).toMatch(/NonZero.*change from batch to batch/);
  });

  it("is that there are no weights", async () => {
    const w = new NetworkWriter();
    const { problem } = await inspect(w, w.op("Relu", [w.input("x", ["batch", 4])]));
    expect(problem).toMatch(/no weights/);
  });
});
