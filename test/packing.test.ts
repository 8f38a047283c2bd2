import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rowsOf } from "../src/data/pack.ts";
import { SEGMENT_IDS } from "../src/data/preprocess/segment-buffer.ts";
import { finetune } from "../src/finetune.ts";
import { decodeModel } from "../src/onnx/decode.ts";
import { encodeModel } from "../src/onnx/encode.ts";
import { Node } from "../src/onnx/node.ts";
import { Value } from "../src/onnx/value.ts";
import { storedTensors } from "../src/passes/parameters.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { type Tensor, tensor } from "../src/tensor/tensor.ts";
import { createEvaluator } from "../src/training/constant-evaluator.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import { fedInputs } from "../src/training/input-shapes.ts";
import { fixEmptyPast } from "../src/training/language-graph.ts";
import { buildTrainingGraph, initialOf } from "../src/training/training-graph.ts";
import { writeDecoder } from "./support/decoder-folder.ts";

// Loss and gradients of texts packed into rows must be those of the same texts alone: the graph without packing is the oracle.
const files = {
  "LLaMA of the older exporter": "peft/language-fixtures/llama-torchscript",
  "LLaMA of the newer exporter": "peft/language-fixtures/llama-dynamo",
  "LLaMA in half floats": "peft/language-fixtures/llama-half",
  "LLaMA in four bits": "peft/language-fixtures/llama-q4",
  "GPT-2": "peft/language-fixtures/gpt2",
  "LLaMA with a cache": "generation/goldens/llama-cache",
  "LLaMA with a cache and positions": "generation/goldens/llama-cache-positions",
  Gemma: "generation/goldens/gemma-plain",
  "GPT-2 without a cache": "generation/goldens/gpt2-plain",
  "GPT-2 with both branches": "generation/goldens/gpt2-merged",
} as const;
/** Of float32 sums in another order, relative to the largest element of a gradient. */
const TOLERANCE = 2e-4;

const random = createRandom(4);
const LENGTH = 16;
const texts = [7, 5, 11, 4, 3].map((length) => Array.from({ length }, () => 3 + random.integer(25)));

let runtime: Runtime;
let folder: string;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "holdfast-packing-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const modelOf = async (file: string) =>
  decodeModel(gunzipSync(await nodeFiles.read(`${import.meta.dirname}/../src/${file}.onnx.gz`)));

/** Inputs of all texts, in these rows. */
function feedsOf(rows: readonly (readonly number[])[]): Map<string, Tensor> {
  const [batch, length] = [rows.length, LENGTH];
  const of = (pad: number, value: (text: number, place: number, at: number, row: number) => number) => {
    const data = new BigInt64Array(batch * length).fill(BigInt(pad));
    rows.forEach((members, r) => {
      let at = 0;
      members.forEach((text, m) => {
        for (let place = 0; place < texts[text]!.length; place++, at++)
          data[r * length + at] = BigInt(value(text, place, at, m));
      });
    });
    return tensor("int64", [batch, length], data);
  };
  return new Map([
    ["input_ids", of(0, (text, place) => texts[text]![place]!)],
    ["attention_mask", of(0, () => 1)],
    ["position_ids", of(0, (_text, _place, at) => at)],
    ["targets", of(-100, (text, place) => texts[text]![place + 1] ?? -100)],
    [SEGMENT_IDS, of(0, (_text, _place, _at, member) => member + 1)],
  ]);
}

async function trained(file: string, rows: readonly (readonly number[])[], isPacked: boolean) {
  const model = await modelOf(file);
  fixEmptyPast(model, rows.length);
  const graph = await buildTrainingGraph(model, {
    inputShapes: new Map(fedInputs(model).map(({ name }) => [name, [rows.length, LENGTH]])),
    ...{ loss: "cross-entropy", logits: "logits", ...(isPacked ? { segments: SEGMENT_IDS } : {}) },
    trainable: storedTensors(model).filter(
      // The scales of four bits stay as they are.
      (t) => t.constantBecause === null && !(file.endsWith("q4") && /scale/u.test(t.name)),
    ),
    evaluate: createEvaluator(runtime),
  });
  const session = await runtime.createSession(graph.trainingModel, { optimization: "disabled" });
  const all = new Map([...feedsOf(rows), ...graph.parameters.map((p) => [p.name, initialOf(p)] as const)]);
  try {
    return await session.run(new Map(session.inputs.map(({ name }) => [name, all.get(name)!])));
  } finally {
    await session.release();
  }
}

describe.each(Object.entries(files))("%s", (_, file) => {
  test("gives the loss and the gradients of packed texts that it gives of each alone", async () => {
    const rows = rowsOf(
      texts.map((t) => t.length),
      LENGTH,
    );
    expect(rows.length).toBe(2);
    const alone = await trained(
      file,
      texts.map((__, i) => [i]),
      false,
    );
    const packed = await trained(file, rows, true);
    expect(packed.get("loss")!.data[0]).toBeCloseTo(Number(alone.get("loss")!.data[0]), 5);
    const gradients = [...alone.keys()].filter((name) => name.endsWith("_grad"));
    expect(gradients.length).toBeGreaterThan(1);
    const largest = Math.max(
      ...gradients.map((name) => Math.hypot(...(alone.get(name)!.data as Float32Array))),
    );
    for (const name of gradients) {
      const [got, expected] = [packed, alone].map((run) => run.get(name)!.data as Float32Array);
      const worst = got!.reduce((m, v, i) => Math.max(m, Math.abs(v - expected![i]!)), 0);
      expect(worst / largest, name).toBeLessThan(TOLERANCE);
    }
    // Without their numbers the texts see each other, or they do not begin anew.
    const mixed = await trained(file, rows, false);
    expect(Math.abs(Number(mixed.get("loss")!.data[0]) - Number(alone.get("loss")!.data[0]))).toBeGreaterThan(
      1e-3,
    );
  });
});

/** A run on texts of a few letters, three or four of which fit in a row of 32. */
async function run(name: string, model: Uint8Array, more: object = {}) {
  writeDecoder(join(folder, name), model);
  const data = join(folder, "rows.jsonl");
  const rows = [..."abcdefghijkl"].map((letter, i) => ({
    prompt: `${letter}:`,
    response: i % 2 ? "odd" : "even",
    answer: i % 2 ? "odd" : "even",
    weight: 1 + i,
  }));
  writeFileSync(data, rows.map((row) => JSON.stringify(row)).join("\n"));
  const notes: string[] = [];
  const result = await finetune(
    {
      ...{
        task: "causal-lm",
        model: join(folder, name),
        data,
        validation: data,
        out: join(folder, `${name}-run`),
      },
      ...{
        method: "adamw",
        steps: 120,
        batchSize: 1,
        optimizer: { lr: 1e-2 },
        runtime: { threads: 1 },
        report: false,
      },
      schedule: { name: "constant", warmup: 0 },
      evaluation: { every: 120, atStart: false },
      preprocess: { packing: 32 },
      ...more,
    },
    { files: nodeFiles, runtime, onEvent: (e) => void (e.kind === "note" && notes.push(e.text)) },
  );
  return { result, notes };
}

test("a run on packed rows learns what each text says, and writes it", async () => {
  const { result, notes } = await run("packs", encodeModel(await modelOf("generation/goldens/gpt2-plain")));
  expect(notes.join("\n")).toMatch(
    /12 training texts stand in 3 rows of up to 32 tokens, 94 % of them filled/u,
  );
  const { metrics } = result.summary.sets[0]!;
  expect(metrics.accuracy).toBe(1);
  expect(metrics.perplexity).toBeLessThan(1.3);
  const model = await DeployedModel.open(join(folder, "packs-run"), { files: nodeFiles, runtime });
  const judged = await evaluateModel(model, { files: nodeFiles, data: join(folder, "rows.jsonl") });
  expect(judged.metrics.loss).toBeCloseTo(metrics.loss!, 4);
  await model.release();
});

test("a model that joins tokens in another way than attention is refused, and so are settings that contradict rows", async () => {
  const plain = await modelOf("peft/language-fixtures/llama-torchscript");
  const logits = plain.graph.outputs[0]!;
  // Each token's logits are the sum of all before it.
  const axis = new Value("axis");
  axis.constant = tensor("int64", [], BigInt64Array.of(1n));
  plain.graph.initializers.push(axis);
  const sum = new Node("CumSum", [logits, axis], [new Value("summed")], { name: "sum" });
  sum.output().declared = logits.declared;
  plain.graph.nodes.push(sum);
  plain.graph.outputs = [sum.output()];
  await expect(run("leaks", encodeModel(plain))).rejects.toThrow(
    /reads a text in a row of several in another way than alone/u,
  );
  const model = encodeModel(await modelOf("generation/goldens/gpt2-plain"));
  await expect(run("short", model, { preprocess: { packing: 4 } })).rejects.toThrow(
    /packing 4: expected 8 \(the longest training text\) to 32 tokens/u,
  );
  await expect(run("noisy", model, { augmentation: { typos: 0.1 } })).rejects.toThrow(/augmentation.typos/u);
  await expect(run("held", model, { distillation: { strength: 1 } })).rejects.toThrow(
    /packing and distillation/u,
  );
  await expect(run("weighed", model, { dataset: { weightColumn: "weight" } })).rejects.toThrow(
    /has a weight of its own/u,
  );
});
