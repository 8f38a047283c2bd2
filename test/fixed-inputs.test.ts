import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { finetune } from "../src/finetune.ts";
import { encodeModel } from "../src/onnx/encode.ts";
import { loadModel } from "../src/onnx/load.ts";
import type { Model } from "../src/onnx/model.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { scalar } from "../src/tensor/tensor.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import { normals } from "./support/gradients-of.ts";
import { graphOf, modelOf } from "./support/graph-of.ts";

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);

/** A classifier of 4 numbers, exported as voice detectors are: an input decides which of two first layers is used. */
function twoRates(): Model {
  const branch = (seed: number, last: string) => ({
    constants: { first: normals([4, 6], seed) },
    nodes: [
      ["MatMul", ["x", "first"], ["h"]],
      [last, ["h"], ["taken"]],
    ] as const,
    outputs: ["taken"],
  });
  return modelOf(
    graphOf({
      inputs: { x: { dtype: "float32", dims: ["batch", 4] }, sr: { dtype: "int64", dims: [] } },
      constants: { fast: scalar("int64", 16000), head: normals([6, 2], 3) },
      nodes: [
        ["Equal", ["sr", "fast"], ["isFast"]],
        [
          "If",
          ["isFast"],
          ["features"],
          { then_branch: branch(1, "Tanh"), else_branch: branch(2, "Sigmoid") },
        ],
        ["MatMul", ["features", "head"], ["logits"]],
      ],
      outputs: ["logits"],
      declared: { logits: { dtype: "float32", dims: ["batch", 2] } },
    }),
    17,
  );
}

function table(rows: number, seed: number): string {
  const random = createRandom(seed);
  const lines = Array.from({ length: rows }, () => {
    const x = Array.from({ length: 4 }, () => random.normal().toFixed(4));
    return `${x.join(",")},${Number(x[0]) > Number(x[1]) ? "up" : "down"}`;
  });
  return `a,b,c,d,label\n${lines.join("\n")}\n`;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-fix-"));
  writeFileSync(at("model.onnx"), encodeModel(twoRates()));
  writeFileSync(at("train.csv"), table(120, 1));
  writeFileSync(at("test.csv"), table(60, 2));
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = {
  head: { mode: "keep" },
  epochs: 8,
  batchSize: 8,
  optimizer: { lr: 0.02 },
  report: false,
} as const;

test("a model whose branch an input decides trains with that input fixed, and is judged and written with it", async () => {
  const data = { model: at("model.onnx"), data: at("train.csv"), test: at("test.csv") };
  const run = { ...settings, ...data, out: at("run"), fix: { sr: 8000 } };
  const { summary, model } = await finetune(run, { files: nodeFiles, runtime });
  expect(summary.status).toBe("finished");
  const tested = (await readRun(nodeFiles, at("run"))).summary.sets.find((s) => s.set === "test")!;
  expect(tested.metrics.accuracy).toBeGreaterThan(0.7);

  const deployed = await DeployedModel.open(at("run"), { files: nodeFiles, runtime, batchSize: 7 });
  const judged = await evaluateModel(deployed, { files: nodeFiles, data: at("test.csv") });
  await deployed.release();
  expect(judged.metrics.loss).toBeCloseTo(tested.metrics.loss!, 5);

  // The file still takes the input, and the other branch's weights are those that it had.
  const weights = async (path: string) => {
    const file = await loadModel(path, nodeFiles);
    expect(file.graph.inputs.map((i) => i.name)).toEqual(["x", "sr"]);
    const held = file.graph.nodes.flatMap((node) => [...node.attributes]);
    const of = (branch: string) =>
      held.flatMap(([name, a]) => (name === branch && a.kind === "graph" ? a.value.initializers : []));
    return { taken: of("else_branch")[0]?.constant, other: of("then_branch")[0]?.constant };
  };
  const [before, after] = [await weights(at("model.onnx")), await weights(model!)];
  expect(after.other).toEqual(before.other);
  expect(after.taken?.dims).toEqual([4, 6]);
  expect(after.taken).not.toEqual(before.taken);
});

test("without it the run is refused with the remedy, and an input that is not there with the choices", async () => {
  const data = { model: at("model.onnx"), data: at("train.csv") };
  const refused = (fix: Record<string, number>) =>
    finetune({ ...settings, ...data, out: at("refused"), fix }, { files: nodeFiles, runtime });
  await expect(refused({})).rejects.toThrow(/"sr" int64.*--fix NAME=VALUE/);
  await expect(refused({ rate: 8000 })).rejects.toThrow(
    /--fix rate: the model has no such input; its inputs are x, sr/,
  );
});
