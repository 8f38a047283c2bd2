import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openInputs } from "../src/data/open-inputs.ts";
import { finetune } from "../src/finetune.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import { interpolateRun } from "../src/training/interpolate.ts";
import { predict } from "../src/training/predict.ts";
import { LETTERS, writeDecoder } from "./support/decoder-folder.ts";

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);

/** A decoder of the goldens of generation, with a tokenizer whose tokens are letters. */
function writeModel(name: string, decoder: string, letters: string): void {
  const zipped = readFileSync(new URL(`../src/generation/goldens/${decoder}.onnx.gz`, import.meta.url));
  writeDecoder(at(name), gunzipSync(zipped), letters);
}

const rows = [..."abcdefgh"].map((letter, i) => ({
  prompt: `${letter}${letter.repeat(i % 3)}:`,
  response: `it is ${i % 2 ? "odd" : "even"}`,
  answer: i % 2 ? "odd" : "even",
}));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-language-"));
  runtime = await openRuntime({ threads: 1 });
  writeFileSync(at("rows.jsonl"), rows.map((r) => JSON.stringify(r)).join("\n"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = (model: string, out: string) => ({
  task: "causal-lm" as const,
  model: at(model),
  data: at("rows.jsonl"),
  validation: at("rows.jsonl"),
  out: at(out),
  batchSize: 4,
  schedule: { name: "constant" as const, warmup: 0 },
  runtime: { threads: 1 },
  report: false,
});

describe.each([
  ["a cache", "llama-cache-positions"],
  ["both branches in one file", "gpt2-merged"],
  ["no cache", "gemma-plain"],
])("a decoder with %s", (_, decoder) => {
  test("learns responses by heart, writes them, and its file says the same as the run", async () => {
    writeModel(decoder, decoder, LETTERS);
    const out = `run-${decoder}`;
    const result = await finetune(
      {
        ...settings(decoder, out),
        method: "adamw",
        steps: 90,
        optimizer: { lr: 1e-2 },
        evaluation: { every: 45, atStart: false },
      },
      { files: nodeFiles, runtime },
    );
    const { metrics } = result.summary.sets[0]!;
    expect(metrics.accuracy).toBe(1);
    expect(metrics.perplexity).toBeLessThan(1.2);
    const run = await readRun(nodeFiles, at(out));
    expect(run.samples.map((s) => s.answer).sort()).toEqual(rows.map((r) => r.response).sort());
    expect(run.samples.every((s) => s.right === true)).toBe(true);

    const model = await DeployedModel.open(at(out), { files: nodeFiles, runtime });
    const judged = await evaluateModel(model, { files: nodeFiles, data: at("rows.jsonl") });
    expect(judged.metrics.loss).toBeCloseTo(metrics.loss!, 4);
    expect(judged.answers?.every((a) => a.right)).toBe(true);
    // The responses are "it is even" and "it is odd": each answer is weighed in its response's place.
    const weighed = await evaluateModel(model, {
      files: nodeFiles,
      data: at("rows.jsonl"),
      generation: { judge: "likelihood" },
    });
    expect(weighed.answers?.map((a) => a.written)).toEqual(rows.map((r) => r.answer));

    writeFileSync(at("ask.jsonl"), rows.map(({ prompt }) => JSON.stringify({ prompt })).join("\n"));
    for (const beams of [1, 3]) {
      const inputs = await openInputs(nodeFiles, [at("ask.jsonl")], { prompts: true });
      const said: unknown[] = [];
      for await (const { fields } of predict(model, inputs, 1, { generation: { beams } }))
        said.push(fields.text);
      expect(said, `${beams} beams`).toEqual(rows.map((r) => r.response));
    }
    await model.release();

    // Weights on the way from the pretrained ones are judged by what they write, too.
    const { points } = await interpolateRun(at(out), { files: nodeFiles, runtime, shares: [0, 1] });
    expect(points.map((p) => p.sets[0]!.metrics.accuracy)).toEqual([0, 1]);
  });
});

test("a tokenizer with more tokens than the model has embeddings of is refused by name", async () => {
  writeModel("foreign", "llama-cache", `${LETTERS}ABCDEFGHIJKLMNOP`);
  const data = at("capitals.jsonl");
  writeFileSync(data, JSON.stringify({ prompt: "PONM", response: "LKJ" }));
  await expect(
    finetune({ ...settings("foreign", "r1"), data, validation: data }, { files: nodeFiles, runtime }),
  ).rejects.toThrow(
    /the tokenizer does not fit the model: it gives token 47, and the model has embeddings of 40 tokens/u,
  );
});

test("data without responses is refused before anything is trained, with what would be read as them", async () => {
  writeModel("mute", "llama-cache", LETTERS);
  const refusal = (name: string, lines: readonly object[]) => {
    writeFileSync(at(name), lines.map((line) => JSON.stringify(line)).join("\n"));
    const config = { ...settings("mute", "r3"), data: at(name), validation: at(name) };
    return expect(finetune(config, { files: nodeFiles, runtime })).rejects;
  };
  await refusal("prompts.jsonl", [{ prompt: "ab" }, { prompt: "ba" }]).toThrow(
    /prompts.jsonl: no column output, response, completion, answer .* it has prompt; name it with responseColumn/u,
  );
  await refusal("asked.jsonl", [{ messages: [{ role: "user", content: "ab" }] }]).toThrow(
    /asked.jsonl: the assistant says nothing in rows asked.jsonl:1/u,
  );
  await refusal("numbers.jsonl", [{ label: 1, length: 3 }]).toThrow(/causal-lm/u);
  expect(existsSync(at("r3"))).toBe(false);
});

test("a response that is longer than the model takes is refused with the rows, and cut when asked", async () => {
  writeModel("short", "llama-cache-positions", LETTERS);
  const data = at("long.jsonl");
  const long = { prompt: "a:", response: "abc ".repeat(12) };
  writeFileSync(data, [rows[0], long].map((r) => JSON.stringify(r)).join("\n"));
  const config = { ...settings("short", "r2"), data, validation: at("rows.jsonl"), steps: 1 };
  await expect(finetune(config, { files: nodeFiles, runtime })).rejects.toThrow(
    /long.jsonl:2: the dialogue takes 52 tokens, the model 32 .*--dialogue.tooLong/u,
  );
  const cut = await finetune(
    {
      ...config,
      dialogue: { tooLong: "cut-response" },
      generation: { judge: "none" },
    },
    { files: nodeFiles, runtime },
  );
  expect(cut.summary.status).toBe("finished");
});
