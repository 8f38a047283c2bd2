import { describe, expect, test } from "vitest";
import { graphOf } from "../../test/support/graph-of.ts";
import { conformanceCases, readCase } from "../onnx/conformance.fixtures.ts";
import { loadModel } from "../onnx/load.ts";
import { tensor } from "../tensor/tensor.ts";
import { findBlocks } from "./blocks.ts";
import { storedTensors } from "./parameters.ts";

/** Weights per block, from the input on, as one counts them in the architectures' source code. */
const families: Readonly<Record<string, readonly number[]>> = {
  bert_tiny_cls: [5, 10, 6, 10, 6, 2, 2], // embeddings; attention and feed-forward twice; pooler; classifier
  gpt2_tiny_lm: [2, 6, 6, 6, 8, 1], // the last norm stands with the last feed-forward
  llama_tiny_lm: [1, 5, 4, 5, 5, 1],
  resnet_tiny: [2, 8, 8, 8, 8, 2],
  roberta_tiny_cls: [5, 10, 6, 10, 6, 2, 2],
  swin_tiny: [4, 11, 6, 11, 8, 1, 11, 6, 11, 8, 2],
  vit_tiny: [4, 10, 6, 10, 8, 2],
};

describe.skipIf(conformanceCases.size === 0)("blocks of exported models", () => {
  test.each(Object.entries(families))("%s has the same blocks from every exporter", async (family, want) => {
    const cases = [...conformanceCases.keys()].filter((name) => name.startsWith(`${family}__`));
    expect(cases.length).toBeGreaterThan(1);
    for (const name of cases) {
      const { path, files } = await readCase(name);
      const { graph, ...rest } = await loadModel(path, files);
      const weights = storedTensors({ graph, ...rest }).filter((t) => t.constantBecause === null);
      const { count, blockOf } = findBlocks(graph, graph.outputs[0]!, new Set(weights.map((t) => t.value)));
      const sizes = Array.from(
        { length: count },
        (_, k) => [...blockOf.values()].filter((b) => b === k).length,
      );
      expect(sizes, name).toEqual(want);
    }
  });
});

test("a weight that the output does not depend on is in no block, and a branch is one block with its residual", () => {
  const w = tensor("float32", [2, 2], new Float32Array(4));
  const graph = graphOf({
    inputs: { x: null },
    constants: { first: w, up: w, down: w, last: w, aside: w },
    nodes: [
      ["MatMul", ["x", "first"], ["h"]],
      ["MatMul", ["h", "aside"], ["other"]],
      ["MatMul", ["h", "up"], ["u"]],
      ["MatMul", ["u", "down"], ["d"]],
      ["Add", ["h", "d"], ["r"]],
      ["MatMul", ["r", "last"], ["y"]],
    ],
    outputs: ["y", "other"],
  });
  const { count, blockOf } = findBlocks(graph, graph.outputs[0]!, new Set(graph.initializers));
  expect(count).toBe(3);
  expect(Object.fromEntries([...blockOf].map(([v, b]) => [v.name, b]))).toEqual({
    first: 0,
    up: 1,
    down: 1,
    last: 2,
  });
});
