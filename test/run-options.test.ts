import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../src/config/parse.ts";
import type { ConfigInput } from "../src/config/schema.ts";
import { finetune, resume } from "../src/finetune.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { weightsOf, writeTinyProblem } from "./support/tiny-run.ts";

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-options-"));
  await writeTinyProblem(folder);
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function settings(out: string, more: Partial<ConfigInput>): ConfigInput {
  return {
    model: at("model.onnx"),
    data: at("data"),
    out: at(out),
    method: "adam",
    steps: 24,
    batchSize: 6,
    optimizer: { lr: 0.01 },
    evaluation: { every: 8, metric: "loss" },
    report: false,
    ...more,
  };
}

const weights = (path: string) => weightsOf(at(path));

describe.each([
  ["a moving average of the weights", { optimizer: { lr: 0.01, ema: 0.9 } }],
  ["a mask", { method: "saft", mask: { share: 0.5, batches: 2 } }],
  ["distillation", { method: "distill" }],
  ["a focal loss and class weights", { loss: { name: "focal", classWeights: "balanced" } }],
  ["a learning rate that falls by block", { method: "llrd", optimizer: { lr: 0.01, layerDecay: 0.1 } }],
] satisfies [string, Partial<ConfigInput>][])("a run with %s", (name, more) => {
  const run = name.replaceAll(" ", "-");
  const context = () => ({ files: nodeFiles, runtime });

  test("ends elsewhere than the plain one, and the same after a stop", async () => {
    await finetune(settings("plain", { overwrite: true }), context());
    await finetune(settings(run, more), context());
    const model = (folderOf: string) => readFileSync(at(`${folderOf}/model/onnx/model.onnx`));
    expect(model(run).equals(model("plain"))).toBe(false);

    let steps = 0;
    const stopped = await finetune(settings(`${run}-stopped`, more), {
      ...context(),
      onEvent: (e) => void (e.kind === "step" && steps++),
      shouldStop: () => steps === 11,
    });
    expect(stopped.summary.status).toBe("stopped");
    const config: unknown = parse(await nodeFiles.readText(at(`${run}-stopped/config.yaml`)));
    await resume(parseConfig(config), context());
    expect(model(`${run}-stopped`).equals(model(run))).toBe(true);
  });
});

test("of the masked weights as many elements move as the share says", async () => {
  await finetune(settings("saft", { method: "saft", mask: { share: 0.2, batches: 2 } }), {
    files: nodeFiles,
    runtime,
  });
  const [before, after] = [await weights("model.onnx"), await weights("saft/model/onnx/model.onnx")];
  const all = [...before].flatMap(([name, values]) => values.map((v, i) => v !== after.get(name)![i]));
  expect(all.length).toBe(55);
  expect(all.filter(Boolean).length).toBe(11);
});

test("a mask under weight decay is refused, since decay moves what is left out", async () => {
  const config = settings("refused", { method: "adamw", mask: { share: 0.2 } });
  await expect(finetune(config, { files: nodeFiles, runtime })).rejects.toThrow(
    /elements that are left out would move all the same, because "weight-decay" pulls them to zero/,
  );
});
