import { describe, expect, test } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { zeros } from "../tensor/tensor.ts";
import { conformanceCases } from "./conformance.fixtures.ts";
import { floatBytes, outside, sumModel } from "./external-models.fixtures.ts";
import { loadModel } from "./load.ts";
import { summarize } from "./summary.ts";
import { Value } from "./value.ts";

test("a small model is summed up by hand", async () => {
  const files = createMemoryFiles({
    "m/model.onnx": sumModel([
      outside("a", 2, { location: "w/w.bin" }),
      outside("b", 2, { location: "w/w.bin" }),
    ]),
    "m/w/w.bin": floatBytes(1, 2),
  });
  const model = await loadModel("m/model.onnx", files);
  const table = new Value("table");
  table.constant = zeros("uint4", [64, 33]);
  model.graph.initializers.push(table);
  expect(summarize(model)).toEqual({
    irVersion: 8,
    producer: "",
    opsets: new Map([["", 17]]),
    metadata: new Map(),
    inputs: [{ name: "x", type: { dtype: "float32", dims: [2] } }],
    outputs: [{ name: "y", type: { dtype: "float32", dims: [2] } }],
    weights: [
      { dtype: "uint4", tensors: 1, elements: 2112, bytes: 1056 },
      { dtype: "float32", tensors: 2, elements: 4, bytes: 16 },
    ],
    externalFiles: [{ name: "w.bin", bytes: 8 }],
    functions: [],
    operators: [{ domain: "", opType: "Sum", count: 1 }],
    nodes: 1,
    quantizedWeights: ["table"],
  });
});

describe("operators of exported models are as many as their exporter counted", () => {
  if (conformanceCases.size === 0) test.skip("../shared/conformance is not there", () => {});
  test.each([...conformanceCases].filter(([name]) => /^(bert|resnet|swin|lstm)/.test(name)))(
    "%s",
    async (_, folder) => {
      const { ops: counted } = JSON.parse(await nodeFiles.readText(`${folder}/meta.json`));
      const { operators } = summarize(await loadModel(`${folder}/model.onnx`, nodeFiles));
      expect(
        Object.fromEntries(operators.map((o) => [`${o.domain || "ai.onnx"}:${o.opType}`, o.count])),
      ).toEqual(counted);
    },
  );
});
