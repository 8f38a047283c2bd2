import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../src/config/parse.ts";
import type { ConfigInput } from "../src/config/schema.ts";
import { finetune, resume } from "../src/finetune.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { sentences, writeTinyEncoder } from "./support/tiny-texts.ts";

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);
const model = (run: string) => readFileSync(at(`${run}/model/onnx/model.onnx`));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-lengths-"));
  await writeTinyEncoder(at("model"));
  await mkdir(at("data"));
  await writeFile(at("data/train.tsv"), sentences(90, { seed: 1, longest: 40 }));
  await writeFile(at("data/test.tsv"), sentences(30, { seed: 2, longest: 60 }));
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function settings(out: string, more: Partial<ConfigInput> = {}): ConfigInput {
  return {
    model: at("model"),
    data: at("data"),
    out: at(out),
    steps: 24,
    batchSize: 8,
    optimizer: { lr: 0.01 },
    evaluation: { every: 8, metric: "loss" },
    report: false,
    ...more,
  };
}

const kinds: Readonly<Record<string, Partial<ConfigInput>>> = {
  "with adapters, dropout and accumulation": {
    method: "lora",
    peft: { dropout: 0.3 },
    optimizer: { lr: 0.01, accumulate: 2 },
    steps: 12,
    evaluation: { every: 4 },
  },
  "with a teacher": { distillation: { strength: 1 } },
  "with a mask": { mask: { share: 0.3, batches: 3 }, method: "adam" },
};

describe.each(Object.entries(kinds))("batches of several lengths %s", (kind, more) => {
  test("are stopped and gone on with bit for bit", async () => {
    const name = kind.replaceAll(" ", "-");
    const notes: string[] = [];
    await finetune(settings(name, more), {
      files: nodeFiles,
      runtime,
      onEvent: (e) => void (e.kind === "note" && notes.push(e.text)),
    });
    expect(notes.join("\n")).toMatch(/filled up to \d+, \d+.* or \d+ .* Longer texts of other sets take/);
    let steps = 0;
    await finetune(settings(`${name}-stopped`, more), {
      files: nodeFiles,
      runtime,
      onEvent: (e) => void (e.kind === "step" && steps++),
      shouldStop: () => steps === 7,
    });
    const { config } = await readRun(nodeFiles, at(`${name}-stopped`));
    const resumed = await resume(parseConfig(config), { files: nodeFiles, runtime });
    expect(resumed.summary.status).toBe("finished");
    expect(model(`${name}-stopped`).equals(model(name))).toBe(true);
  }, 60_000);
});

test("noise that makes texts longer finds room, in a shifted set and in training", async () => {
  const { summary } = await finetune(
    settings("noisy", {
      steps: 12,
      shifts: { typos: "corruption:typos:5" },
      augmentation: { typos: 0.3 },
    }),
    { files: nodeFiles, runtime },
  );
  expect(summary.sets.find((s) => s.set === "typos")?.count).toBe(30);
});

test("batches of one length give, example by example, what those of several give", async () => {
  const run = async (out: string, buckets: number) => {
    const preprocess = { buckets };
    await finetune(settings(out, { preprocess, evaluation: { every: 24, metric: "loss" } }), {
      files: nodeFiles,
      runtime,
    });
    const { evaluations } = await readRun(nodeFiles, at(out));
    return evaluations.filter((e) => e.model === "initial");
  };
  const [one, several] = [await run("one", 1), await run("several", 5)];
  expect(several.length).toBeGreaterThan(0);
  expect(several.map((e) => [e.set, e.count, e.correct])).toEqual(
    one.map((e) => [e.set, e.count, e.correct]),
  );
  for (const [i, { metrics }] of several.entries())
    expect(metrics.loss).toBeCloseTo(one[i]!.metrics.loss!, 5);
});
