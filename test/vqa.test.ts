import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConfigInput } from "../src/config/schema.ts";
import { openInputs } from "../src/data/open-inputs.ts";
import { finetune } from "../src/finetune.ts";
import { openDecoder } from "../src/generation/decoder.ts";
import { generate } from "../src/generation/generate.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { tensor } from "../src/tensor/tensor.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import { predict } from "../src/training/predict.ts";
import { COLOURS, SIZE, writeQuestions } from "./support/tiny-questions.ts";

/** A PaliGemma of a few thousand weights, made and exported by scripts/goldens/vqa.py. */
const model = fileURLToPath(new URL("fixtures/vqa", import.meta.url));

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);

const settings = (out: string): ConfigInput => ({
  task: "vqa",
  model,
  data: at("train.jsonl"),
  validation: at("validation.jsonl"),
  out: at(out),
  method: "adamw",
  batchSize: 8,
  steps: 120,
  optimizer: { lr: 0.01 },
  schedule: { name: "constant", warmup: 0 },
  evaluation: { every: 120, atStart: false },
  generation: { maxNewTokens: 3 },
  runtime: { threads: 1 },
  report: false,
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-vqa-"));
  runtime = await openRuntime({ prefer: "native", threads: 1 });
  await writeQuestions(folder, "train", { count: 32, seed: 1 });
  await writeQuestions(folder, "validation", { count: 8, seed: 2 });
  const question = "what colour is the square?";
  writeFileSync(
    at("ask.csv"),
    `image,question\nvalidation/0.png,${question}\nvalidation/1.png,${question}\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("questions with images are answered as Python's greedy search does", async () => {
  const golden = JSON.parse(readFileSync(join(model, "golden.json"), "utf8")) as {
    readonly prompts: readonly (readonly number[])[];
    readonly images: readonly number[];
    readonly answers: readonly (readonly number[])[];
  };
  const path = join(model, "onnx/model.onnx");
  const decoder = openDecoder(await runtime.createSession({ path }, { name: path }), { contextLength: 24 });
  const each = 3 * SIZE * SIZE;
  const prompts = golden.prompts.map((ids, i) => {
    const pixels = Float32Array.from(golden.images.slice(i * each, (i + 1) * each));
    return { ids, feeds: new Map([["pixel_values", tensor("float32", [1, 3, SIZE, SIZE], pixels)]]) };
  });
  const found = await generate(decoder, prompts, { eos: [1], maxNewTokens: 3 });
  expect(found.map(([best]) => best!.ids)).toEqual(golden.answers);
});

describe("a model that is asked about images", () => {
  test("learns to answer, and its file is judged as the run was", async () => {
    const { summary } = await finetune(settings("run"), { files: nodeFiles, runtime });
    const { metrics } = summary.sets[0]!;
    expect(Object.keys(metrics)[0]).toBe("vqa-accuracy");
    expect(metrics["vqa-accuracy"]).toBeGreaterThan(0.9);
    const { samples } = await readRun(nodeFiles, at("run"));
    const colour = samples.find((s) => s.text?.includes("colour"));
    expect(colour?.text).toBe("what colour is the square?");
    expect(Object.keys(COLOURS)).toContain(colour?.expected);
    expect(colour?.png).toBeDefined();

    const deployed = await DeployedModel.open(at("run"), { files: nodeFiles, runtime });
    const judged = await evaluateModel(deployed, { files: nodeFiles, data: at("validation.jsonl") });
    const inputs = await openInputs(nodeFiles, [at("ask.csv")], { prompts: true, withImages: "questions" });
    const said: unknown[] = [];
    for await (const { fields } of predict(deployed, inputs, 1)) said.push(fields.text);
    expect(said).toEqual(["red", "green"]);
    await deployed.release();
    expect(judged.metrics.loss).toBeCloseTo(metrics.loss!, 4);
    const scores = judged.answers!.map((a) => a.score!);
    expect(scores.reduce((a, b) => a + b, 0) / scores.length).toBeCloseTo(metrics["vqa-accuracy"]!, 12);
  });

  test("is judged the same whether texts are filled up to one length or to two, under corruptions too", async () => {
    const once = { steps: 1, optimizer: { lr: 1e-9 }, shifts: { fog: "corruption:fog:3" } };
    const run = async (buckets: number) => {
      const out = `lengths-${buckets}`;
      const { summary } = await finetune(
        { ...settings(out), ...once, preprocess: { buckets } },
        { files: nodeFiles, runtime },
      );
      return summary;
    };
    const [one, two] = [await run(1), await run(2)];
    expect(two.notes?.join(" ")).toMatch(/batches are filled up to 16 or \d+ \(preprocess.buckets\)/u);
    expect(two.sets.map((s) => s.set)).toEqual(["validation", "fog"]);
    for (const [i, { metrics, count }] of two.sets.entries()) {
      expect(count).toBe(one.sets[i]!.count);
      expect(metrics.loss).toBeCloseTo(one.sets[i]!.metrics.loss!, 5);
      expect(metrics["vqa-accuracy"]).toBe(one.sets[i]!.metrics["vqa-accuracy"]);
    }
  });

  test("is trained by adapters, too", async () => {
    const lora = { method: "lora", steps: 2, peft: { targets: "q_proj|v_proj", rank: 2 } } as const;
    const { summary } = await finetune({ ...settings("lora"), ...lora }, { files: nodeFiles, runtime });
    expect(summary.status).toBe("finished");
    expect(summary.sets[0]!.metrics["vqa-accuracy"]).toBeDefined();
  });
});

describe("is refused by name", () => {
  const refused = (rows: readonly object[]) => {
    writeFileSync(at("bad.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
    return expect(
      finetune({ ...settings("bad"), data: at("bad.jsonl"), steps: 1 }, { files: nodeFiles, runtime }),
    ).rejects;
  };
  const row = { image: "train/0.png", question: "what colour is the square?", answer: "red" };

  test("a question whose image is missing", async () => {
    await refused([row, { ...row, image: "train/gone.png" }]).toThrow(
      /bad.jsonl: files of column "image" are missing: .*train\/gone.png \(bad.jsonl:2\)/su,
    );
  });

  test("a table without questions", async () => {
    await refused([{ image: "train/0.png", q: "what?", answer: "red" }]).toThrow(
      /holds samples of kind image; task vqa takes image-text, a table with .*questions \(dataset.promptColumn\)/u,
    );
  });

  test("an answer that is longer than the context", async () => {
    await refused([row, { ...row, answer: "red ".repeat(30) }]).toThrow(
      /bad.jsonl:2: the dialogue takes \d+ tokens, the model 20 .*preprocess.maxLength.*--dialogue.tooLong/u,
    );
  });

  test("a question that nobody answered", async () => {
    await refused([row, { ...row, answer: "" }]).toThrow(/the assistant says nothing in rows .*bad.jsonl:2/u);
  });
});
