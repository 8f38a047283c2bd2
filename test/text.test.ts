import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openInputs } from "../src/data/open-inputs.ts";
import { finetune } from "../src/finetune.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import { predict } from "../src/training/predict.ts";
import { sentences, writeTinyEncoder } from "./support/tiny-texts.ts";

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-text-"));
  await writeTinyEncoder(at("model"));
  mkdirSync(at("data"));
  writeFileSync(at("data/train.tsv"), sentences(96, { seed: 1 }));
  writeFileSync(at("data/test.tsv"), sentences(40, { seed: 2 }));
  writeFileSync(at("shift.tsv"), sentences(40, { seed: 3, words: ["owners", "dog"] }));
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a classifier of sentences", () => {
  beforeAll(async () => {
    await finetune(
      {
        model: at("model"),
        data: at("data"),
        shifts: { others: at("shift.tsv") },
        out: at("run"),
        epochs: 12,
        batchSize: 16,
        optimizer: { lr: 0.02 },
        report: false,
      },
      { files: nodeFiles, runtime },
    );
  }, 60_000);

  test("is learnt on a new head over the positions that the mask counts, and judged on shifted data", async () => {
    const { summary } = await readRun(nodeFiles, at("run"));
    const accuracy = Object.fromEntries(summary.sets.map((s) => [s.set, s.metrics.accuracy!]));
    expect(summary).toMatchObject({ status: "finished", head: "new", classes: ["animal", "drink"] });
    expect(accuracy.test).toBeGreaterThan(0.95);
    expect(accuracy.others).toBeLessThan(1);
    const { samples } = await readRun(nodeFiles, at("run"));
    const rows = readFileSync(at("data/test.tsv"), "utf8").split("\n");
    const shown = samples.filter((s) => s.set === "test");
    expect(shown.length).toBeGreaterThan(8);
    for (const { name, text } of shown)
      expect(rows[Number(name.split(":")[1])]!.startsWith(`${text}\t`), name).toBe(true);
  });

  test("gives the same logits however far a batch is filled up, and however the file is opened", async () => {
    const { summary } = await readRun(nodeFiles, at("run"));
    const loss = summary.sets.find((s) => s.set === "test")!.metrics.loss!;
    for (const batchSize of [1, 7]) {
      const model = await DeployedModel.open(at("run"), { files: nodeFiles, runtime, batchSize });
      const judged = await evaluateModel(model, { files: nodeFiles, data: at("data/test.tsv") });
      await model.release();
      expect(judged.metrics.loss).toBeCloseTo(loss, 5);
    }
  });

  test("predicts texts, lines and tables alike, each by the text itself", async () => {
    writeFileSync(at("lines.txt"), "the lazy fox\n\nthe quick cafe\n");
    writeFileSync(at("table.jsonl"), '{"body": "the lazy fox"}\n{"body": "the quick cafe"}\n');
    const inputs = [
      await openInputs(nodeFiles, [], { texts: ["the lazy fox", "the quick cafe"] }),
      await openInputs(nodeFiles, [at("lines.txt")]),
      await openInputs(nodeFiles, [at("table.jsonl")], { textColumn: "body" }),
    ];
    const model = await DeployedModel.open(at("run"), { files: nodeFiles, runtime });
    for (const set of inputs) {
      const said = [];
      for await (const { input, fields } of predict(model, set, 1)) said.push([input, fields.class]);
      expect(said).toEqual([
        ["the lazy fox", "animal"],
        ["the quick cafe", "drink"],
      ]);
    }
    await model.release();
    await expect(openInputs(nodeFiles, [at("table.jsonl")])).rejects.toThrow(
      /no numbers: "body" .*the one of texts with textColumn/,
    );
  });

  test("comes as a folder with its tokenizer and its class names", async () => {
    const config = JSON.parse(readFileSync(at("run/model/config.json"), "utf8")) as object;
    expect(config).toMatchObject({ id2label: { 0: "animal", 1: "drink" } });
    const tokenizer = (path: string) => readFileSync(at(`${path}/tokenizer.json`), "utf8");
    expect(tokenizer("run/model")).toBe(tokenizer("model"));
  });
});

test("a tokenizer of another model is refused by name before training", async () => {
  await writeTinyEncoder(at("foreign"));
  const path = at("foreign/tokenizer.json");
  const tokenizer = JSON.parse(readFileSync(path, "utf8")) as { model: { vocab: Record<string, number> } };
  const { vocab } = tokenizer.model;
  vocab.fox = 5000;
  writeFileSync(path, JSON.stringify(tokenizer));
  await expect(
    finetune({ model: at("foreign"), data: at("data"), out: at("r1") }, { files: nodeFiles, runtime }),
  ).rejects.toThrow(
    /the tokenizer does not fit the model: it gives token 5000, and the model has embeddings of/u,
  );
  expect(existsSync(at("r1"))).toBe(false);
});

test("texts for a model without a tokenizer, and images for one of texts, are refused with the remedy", async () => {
  mkdirSync(at("bare/onnx"), { recursive: true });
  writeFileSync(at("bare/onnx/model.onnx"), readFileSync(at("model/onnx/model.onnx")));
  const run = (model: string, data: string) =>
    finetune(
      { model: at(model), data: at(data), out: at("refused"), report: false },
      { files: nodeFiles, runtime },
    );
  await expect(run("bare", "data")).rejects.toThrow(/tokenizer/);
  writeFileSync(at("numbers.csv"), "a,b,label\n1,2,x\n3,4,y\n1,3,x\n3,5,y\n");
  await expect(run("model", "numbers.csv")).rejects.toThrow(/"input_ids" int64 .* feed one input of float32/);
});
