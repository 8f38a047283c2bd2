import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../src/config/parse.ts";
import type { ConfigInput } from "../src/config/schema.ts";
import { type FinetuneOptions, finetune, resume } from "../src/finetune.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import type { TrainingEvent } from "../src/training/events.ts";
import { weightsOf, writeTinyProblem } from "./support/tiny-run.ts";

let folder: string;
let runtime: Runtime;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-probe-"));
  await writeTinyProblem(folder);
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = (out: string): ConfigInput => ({
  model: join(folder, "model.onnx"),
  data: join(folder, "data"),
  out: join(folder, out),
  method: "lp-ft-spd",
  steps: 40,
  batchSize: 6,
  optimizer: { lr: 0.01 },
  evaluation: { every: 10, metric: "loss" },
  report: false,
});

describe("linear probing, then fine-tuning", () => {
  let events: TrainingEvent[];
  beforeAll(async () => {
    events = [];
    await finetune(settings("lp-ft"), { files: nodeFiles, runtime, onEvent: (e) => events.push(e) });
  });

  test("the probe leaves the body as it was, and fine-tuning starts from the probed head", async () => {
    const body = (w: Map<string, number[]>) => [...w].filter(([name]) => !name.startsWith("fc."));
    const before = await weightsOf(join(folder, "model.onnx"));
    const probed = await weightsOf(join(folder, "lp-ft/probe/model/onnx/model.onnx"));
    const after = await weightsOf(join(folder, "lp-ft/model/onnx/model.onnx"));
    for (const [name, values] of body(probed)) expect(values, name).toEqual(before.get(name));
    expect(body(after)).not.toEqual(body(probed));
    const { summary } = await readRun(nodeFiles, join(folder, "lp-ft"));
    expect(summary).toMatchObject({ status: "finished", head: "kept", steps: 28 });
    const { layers } = await readRun(nodeFiles, join(folder, "lp-ft"));
    expect(layers.every((l) => l.anchored)).toBe(true);
  });

  test("both stages count in the budget: their steps are those asked for, their seconds the run's", async () => {
    const probe = await readRun(nodeFiles, join(folder, "lp-ft/probe"));
    const whole = await readRun(nodeFiles, join(folder, "lp-ft"));
    expect(probe.summary.steps + whole.summary.steps).toBe(40);
    expect(whole.summary.seconds).toBeGreaterThan(probe.summary.seconds);
  });

  test.each([3, 20])("a run stopped at step event %i goes on to the same weights", async (stopAt) => {
    const out = `stopped-${stopAt}`;
    let steps = 0;
    const options: FinetuneOptions = {
      files: nodeFiles,
      runtime,
      onEvent: (e) => void (e.kind === "step" && steps++),
      shouldStop: () => steps === stopAt,
    };
    const first = await finetune(settings(out), options);
    expect(first.summary.status).toBe("stopped");
    steps = -1000;
    const config: unknown = parse(await nodeFiles.readText(join(folder, out, "config.yaml")));
    await resume(parseConfig(config), options);
    const path = "model/onnx/model.onnx";
    expect(await weightsOf(join(folder, out, path))).toEqual(await weightsOf(join(folder, "lp-ft", path)));
  });
});
