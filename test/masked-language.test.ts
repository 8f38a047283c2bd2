import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLoader } from "../src/data/loader.ts";
import { openDataset } from "../src/data/open-dataset.ts";
import { openInputs } from "../src/data/open-inputs.ts";
import { prepared } from "../src/data/prepared.ts";
import { finetune } from "../src/finetune.ts";
import { encodeModel } from "../src/onnx/encode.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import { predict } from "../src/training/predict.ts";
import { normals } from "./support/gradients-of.ts";
import { graphOf, modelOf } from "./support/graph-of.ts";

const WIDTH = 24;
/** The grammar: each of these is followed by the next one, and the last by the first. */
const CYCLE = ["the", "quick", "brown", "fox", "jumps", "over", "lazy", "dog"];

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-masked-"));
  writeModel(at("model"));
  mkdirSync(at("data"));
  writeFileSync(at("data/train.jsonl"), sayings(160, 1));
  writeFileSync(at("data/validation.jsonl"), sayings(32, 2));
  writeFileSync(at("data/test.jsonl"), sayings(48, 3));
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a masked language model", () => {
  beforeAll(async () => {
    await finetune(
      {
        model: at("model"),
        data: at("data"),
        task: "masked-lm",
        out: at("run"),
        epochs: 20,
        batchSize: 16,
        optimizer: { lr: 0.02 },
        report: false,
      },
      { files: nodeFiles, runtime },
    );
  }, 60_000);

  test("learns a grammar from hidden words, and is judged by those that it finds in other texts", async () => {
    const { summary, samples } = await readRun(nodeFiles, at("run"));
    const metrics = summary.sets.find((s) => s.set === "test")!.metrics;
    expect(metrics["token-accuracy"]).toBeGreaterThan(0.9);
    expect(metrics.perplexity).toBeCloseTo(Math.exp(metrics.loss!), 5);
    const words = new Set([...CYCLE, "and"]);
    const shown = samples.flatMap((s) => s.expected?.split(", ") ?? []);
    expect(shown.length).toBeGreaterThan(16);
    for (const word of shown) expect(words, word).toContain(word);
  });

  test("hides the same words of a text whenever it is judged, in batches of any size", async () => {
    const { summary } = await readRun(nodeFiles, at("run"));
    const { loss } = summary.sets.find((s) => s.set === "test")!.metrics;
    const model = await DeployedModel.open(at("run"), { files: nodeFiles, runtime, batchSize: 5 });
    const judged = await evaluateModel(model, { files: nodeFiles, data: at("data/test.jsonl"), seed: 9 });
    await model.release();
    expect(judged.metrics.loss).toBeCloseTo(loss!, 5);
  });

  test("hides other words in every epoch of training, and the same ones in another run", async () => {
    const model = await DeployedModel.open(at("run"), { files: nodeFiles, runtime });
    const preprocessor = model.preprocessor("text");
    const set = await openDataset(nodeFiles, at("data/train.jsonl"), { labelling: "sample" });
    const common = { preprocessor, input: model.input, batchSize: 16, seed: 1 };
    const load = (epoch: number) =>
      createLoader(prepared(set, preprocessor), { ...common, shuffle: true }).epoch(epoch);
    const targets = async (epoch: number) => {
      const byIndex = new Map<number, string>();
      for await (const batch of load(epoch)) {
        const length = batch.targets.dims[1]!;
        for (const [row, index] of batch.indices.entries())
          byIndex.set(index, batch.targets.data.slice(row * length, (row + 1) * length).join());
      }
      return [...byIndex].sort(([a], [b]) => a - b).map(([, ids]) => ids);
    };
    const first = await targets(0);
    expect(await targets(0)).toEqual(first);
    const second = await targets(1);
    expect(second.filter((ids, i) => ids === first[i]).length).toBeLessThan(first.length / 2);
    await model.release();
  });

  test("fills the masks of a text, and says so where there is none", async () => {
    const model = await DeployedModel.open(at("run"), { files: nodeFiles, runtime });
    const texts = await openInputs(nodeFiles, [], {
      texts: ["the quick [MASK] fox jumps", "fox jumps [MASK] lazy [MASK] the"],
    });
    const said = [];
    for await (const { fields } of predict(model, texts, 2)) said.push(fields);
    expect(said).toMatchObject([
      { text: "the quick brown fox jumps", masks: [[{ token: "brown" }, {}]] },
      {
        text: "fox jumps over lazy dog the",
        masks: [
          [{ token: "over" }, {}],
          [{ token: "dog" }, {}],
        ],
      },
    ]);
    const bare = await openInputs(nodeFiles, [], { texts: ["the quick fox"] });
    const all = async () => {
      for await (const _ of predict(model, bare, 1));
    };
    await expect(all()).rejects.toThrow('"the quick fox": no [MASK] to fill');
    await model.release();
  });
});

test("a tokenizer without a mask is refused with the remedy", async () => {
  writeModel(at("maskless"), { mask: false });
  await expect(
    finetune(
      { model: at("maskless"), data: at("data"), task: "masked-lm", out: at("refused"), report: false },
      { files: nodeFiles, runtime },
    ),
  ).rejects.toThrow(/no token for what is hidden \(mask_token in tokenizer_config.json\)/);
});

/** A model of token ids [batch, sequence] that sees each token's neighbours, to logits; and its tokenizer. */
function writeModel(path: string, { mask = true }: { readonly mask?: boolean } = {}): void {
  const goldens = JSON.parse(
    readFileSync(new URL("../src/data/goldens/tokenizers.json", import.meta.url), "utf8"),
  ) as Record<string, { definition: Definition; config: object }>;
  const { definition, config } = goldens["WordPiece as BERT has it"]!;
  const size = Object.keys(definition.model.vocab).length;
  if (mask) {
    definition.model.vocab["[MASK]"] = size;
    definition.added_tokens.push({ ...definition.added_tokens[0]!, id: size, content: "[MASK]" });
  }
  const vocabulary = size + 1;
  const ids = { dtype: "int64", dims: ["batch", "sequence"] } as const;
  const graph = graphOf({
    inputs: { input_ids: ids },
    constants: {
      table: normals([vocabulary, WIDTH], 11, 0.5),
      near: normals([WIDTH, WIDTH, 3], 12, 0.1),
      out: normals([WIDTH, vocabulary], 13, 0.1),
    },
    nodes: [
      ["Gather", ["table", "input_ids"], ["embedded"]],
      ["Transpose", ["embedded"], ["channels"], { perm: [0, 2, 1] }],
      ["Conv", ["channels", "near"], ["mixed"], { kernel_shape: [3], pads: [1, 1] }],
      ["Tanh", ["mixed"], ["active"]],
      ["Transpose", ["active"], ["features"], { perm: [0, 2, 1] }],
      ["MatMul", ["features", "out"], ["logits"]],
    ],
    outputs: ["logits"],
    declared: { logits: { dtype: "float32", dims: ["batch", "sequence", vocabulary] } },
  });
  mkdirSync(join(path, "onnx"), { recursive: true });
  writeFileSync(join(path, "onnx/model.onnx"), encodeModel(modelOf(graph)));
  writeFileSync(join(path, "tokenizer.json"), JSON.stringify(definition));
  const settings = mask ? { ...config, mask_token: "[MASK]" } : config;
  writeFileSync(join(path, "tokenizer_config.json"), JSON.stringify(settings));
}

interface Definition {
  readonly model: { readonly vocab: Record<string, number> };
  readonly added_tokens: { readonly id: number; readonly content: string }[];
}

/** Two stretches of the cycle in each text. */
function sayings(count: number, seed: number): string {
  const random = createRandom(seed);
  const stretch = () => {
    const start = random.integer(CYCLE.length);
    return Array.from({ length: 3 + random.integer(6) }, (_, i) => CYCLE[(start + i) % CYCLE.length]!);
  };
  const text = () => [...stretch(), "and", ...stretch()].join(" ");
  return Array.from({ length: count }, () => `${JSON.stringify({ text: text() })}\n`).join("");
}
