import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, PaliGemmaForConditionalGeneration, Tensor } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { parseConfig } from "../src/config/parse.ts";
import type { ConfigInput } from "../src/config/schema.ts";
import { openInputs } from "../src/data/open-inputs.ts";
import { finetune, resume } from "../src/finetune.ts";
import { loadModel } from "../src/onnx/load.ts";
import type { Model } from "../src/onnx/model.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { tensor, toNumbers } from "../src/tensor/tensor.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import type { TrainingEvent } from "../src/training/events.ts";
import { mergeAdapter } from "../src/training/merge-adapter.ts";
import { findModel } from "../src/training/model-source.ts";
import { openSource } from "../src/training/parts-session.ts";
import { predict } from "../src/training/predict.ts";
import { runInFloat32 } from "../src/training/run-in-float32.ts";
import { SIZE, writeQuestions } from "./support/tiny-questions.ts";

// One PaliGemma of a few thousand weights, exported by PyTorch in one graph and in three files (scripts/goldens/vqa.py):
// whatever is done with the parts must be what is done with the whole.
const whole = join(import.meta.dirname, "fixtures/vqa");
const PARTS = ["decoder_model_merged.onnx", "embed_tokens.onnx", "vision_encoder.onnx"];
/** Largest difference of weights, and relative one of losses, after a few steps of gradient descent in float32. */
const TOLERANCE = 1e-6;
/** The exporter stores equal tensors once, so that in the whole all parts share their gains of ones: they stay as they are. */
const UNSHARED = "but:layer_norm1.weight$|onnx::Mul";

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);

/** The model in parts as Transformers.js has it: settings beside a folder of files. */
function writeParts(name: string): string {
  mkdirSync(at(`${name}/onnx`), { recursive: true });
  for (const file of readdirSync(whole))
    if (file.endsWith(".json")) cpSync(join(whole, file), at(`${name}/${file}`));
  for (const file of PARTS) cpSync(join(whole, "parts", file), at(`${name}/onnx/${file}`));
  return at(name);
}

const settings = (out: string): ConfigInput => ({
  task: "vqa",
  model: at("parts"),
  data: at("train.jsonl"),
  validation: at("validation.jsonl"),
  out: at(out),
  method: "sgd",
  batchSize: 8,
  steps: 4,
  optimizer: { lr: 0.01 },
  schedule: { name: "constant", warmup: 0 },
  evaluation: { every: 4 },
  generation: { maxNewTokens: 3 },
  runtime: { threads: 1 },
  report: false,
});

const train = (out: string, changes: Partial<ConfigInput> = {}) =>
  finetune({ ...settings(out), ...changes }, { files: nodeFiles, runtime });

const lossesOf = async (run: string) => (await readRun(nodeFiles, at(run))).steps.map((s) => s.loss);

/** The float tensors that a file stores, by their content before training and after it. */
async function weightsOf(before: string, after: string): Promise<{ key: string; values: number[] }[]> {
  const [a, b] = [await loadModel(before, nodeFiles), await loadModel(after, nodeFiles)];
  return a.graph.initializers.flatMap((value, i) => {
    const { constant } = value;
    if (constant?.dtype !== "float32") return [];
    return [
      { key: `${constant.dims} ${constant.data}`, values: toNumbers(b.graph.initializers[i]!.constant!) },
    ];
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-parts-"));
  runtime = await openRuntime({ prefer: "native", threads: 1 });
  await writeQuestions(folder, "train", { count: 16, seed: 1 });
  await writeQuestions(folder, "validation", { count: 5, seed: 2 });
  writeParts("parts");
  await train("joined", { trainable: UNSHARED });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a model in parts is trained as the whole is, weight by weight, and written back part by part", async () => {
  await train("whole", { model: whole, trainable: UNSHARED });
  const [losses, others] = [await lossesOf("joined"), await lossesOf("whole")];
  expect(losses.length).toBe(4);
  for (const [i, loss] of losses.entries()) expect(Math.abs(loss / others[i]! - 1)).toBeLessThan(TOLERANCE);

  expect(readdirSync(at("joined/model/onnx")).sort()).toEqual(PARTS);
  const file = "model/onnx/model.onnx";
  const wanted = await weightsOf(join(whole, "onnx/model.onnx"), at(`whole/${file}`));
  let [compared, moved] = [0, 0];
  for (const part of PARTS) {
    for (const { key, values } of await weightsOf(
      at(`parts/onnx/${part}`),
      at(`joined/model/onnx/${part}`),
    )) {
      const same = wanted.filter((w) => w.key === key);
      expect(same.length).toBe(1);
      expect(values.every((v, i) => Math.abs(v - same[0]!.values[i]!) < TOLERANCE)).toBe(true);
      compared++;
      if (key !== `${key.split(" ")[0]} ${values}`) moved++;
    }
  }
  expect([compared, moved]).toEqual([30, 28]);
});

test("the written parts answer and are judged as the run was", async () => {
  const { summary } = await readRun(nodeFiles, at("joined"));
  const deployed = await DeployedModel.open(at("joined"), { files: nodeFiles, runtime, batchSize: 4 });
  const judged = await evaluateModel(deployed, { files: nodeFiles, data: at("validation.jsonl") });
  expect(judged.metrics.loss).toBeCloseTo(summary.sets[0]!.metrics.loss!, 5);
  const inputs = await openInputs(nodeFiles, [at("validation.jsonl")], {
    prompts: true,
    withImages: "questions",
  });
  const said: unknown[] = [];
  for await (const { fields } of predict(deployed, inputs, 1)) said.push(fields.text);
  await deployed.release();

  const other = await DeployedModel.open(at("whole"), { files: nodeFiles, runtime });
  const wanted: unknown[] = [];
  for await (const { fields } of predict(other, inputs, 1)) wanted.push(fields.text);
  await other.release();
  expect(said).toEqual(wanted);
});

test("a part whose names are left out stays as it is, to the byte", async () => {
  await train("decoder", { trainable: "^decoder/", steps: 1, evaluation: { atStart: false } });
  const isKept = (part: string) =>
    readFileSync(at(`decoder/model/onnx/${part}`)).equals(readFileSync(at(`parts/onnx/${part}`)));
  expect(PARTS.map(isKept)).toEqual([false, true, true]);
});

test.each([
  ["that become part of the weights", "lora", "q_proj|v_proj", [0, 0, 0]],
  ["that stay nodes of their own", "series-adapter", "projector|o_proj", [1, 0, 1]],
] as const)("adapters %s are written into the parts that they sit in", async (_, method, targets, grown) => {
  const { summary } = await train(method, {
    method,
    peft: { targets, rank: 2 },
    optimizer: { lr: 0.2 },
    steps: 2,
  });
  const adapted = await DeployedModel.open(at(method), { files: nodeFiles, runtime });
  const { metrics } = await evaluateModel(adapted, { files: nodeFiles, data: at("validation.jsonl") });
  await adapted.release();
  expect(metrics.loss).toBeCloseTo(summary.sets[0]!.metrics.loss!, 5);
  expect(metrics.loss).not.toBeCloseTo(summary.sets[0]!.initial!.loss!, 2);
  for (const [i, part] of PARTS.entries()) {
    const [before, after] = [at(`parts/onnx/${part}`), at(`${method}/model/onnx/${part}`)];
    const [a, b] = [await loadModel(before, nodeFiles), await loadModel(after, nodeFiles)];
    expect(Math.sign(b.graph.nodes.length - a.graph.nodes.length)).toBe(grown[i]);
    const border = ({ graph }: Model) => [...graph.inputs, ...graph.outputs].map((v) => v.name);
    expect(border(b)).toEqual(border(a));
  }
});

test("an adapter is merged into the parts that it was trained on, as at the end of its run", async () => {
  const options = { files: nodeFiles, model: at("parts"), adapter: at("lora") };
  await expect(mergeAdapter({ ...options, out: at("merged.onnx") })).rejects.toThrow(/name a folder/u);
  mkdirSync(at("taken/onnx"), { recursive: true });
  cpSync(join(whole, "onnx/model.onnx"), at("taken/onnx/model.onnx"));
  await expect(mergeAdapter({ ...options, out: at("taken") })).rejects.toThrow(
    /model.onnx is there already/u,
  );
  await mergeAdapter({ ...options, out: at("merged") });
  for (const part of PARTS) {
    const [merged, written] = [at(`merged/onnx/${part}`), at(`lora/model/onnx/${part}`)];
    const [a, b] = [await loadModel(merged, nodeFiles), await loadModel(written, nodeFiles)];
    for (const [i, { constant }] of a.graph.initializers.entries())
      expect(constant).toEqual(b.graph.initializers[i]!.constant);
  }
  expect((await findModel(nodeFiles, at("merged"))).config?.image_token_index).toBe(4);
});

test("a run that was stopped goes on to the very parts that the unbroken run writes", async () => {
  let steps = 0;
  const onEvent = (event: TrainingEvent) => {
    if (event.kind === "step") steps++;
  };
  const options = { files: nodeFiles, runtime };
  const stopped = await finetune(
    { ...settings("stopped"), trainable: UNSHARED, checkpoint: { every: 2 } },
    { ...options, shouldStop: () => steps >= 2, onEvent },
  );
  expect(stopped.summary.status).toBe("stopped");
  const { configText } = await readRun(nodeFiles, at("stopped"));
  await resume(parseConfig(parseYaml(configText)), options);
  for (const part of PARTS)
    expect(
      readFileSync(at(`stopped/model/onnx/${part}`)).equals(readFileSync(at(`joined/model/onnx/${part}`))),
    ).toBe(true);
});

test("a token embedding and a decoder alone are a model of texts", async () => {
  const model = writeParts("texts");
  rmSync(at("texts/onnx/vision_encoder.onnx"));
  const config = JSON.parse(readFileSync(at("texts/config.json"), "utf8")) as Record<string, unknown>;
  writeFileSync(at("texts/config.json"), JSON.stringify({ ...config, image_token_index: undefined }));
  const rows = Array.from({ length: 8 }, () => ({ prompt: "how many squares ?", response: "two" }));
  writeFileSync(at("texts.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
  const { summary } = await train("written", {
    model,
    task: "causal-lm",
    data: at("texts.jsonl"),
    validation: at("texts.jsonl"),
    trainable: "but:^embed_tokens/",
  });
  expect(summary.sets[0]!.metrics.loss).toBeLessThan(summary.sets[0]!.initial!.loss!);
  expect(readdirSync(at("written/model/onnx")).sort()).toEqual(PARTS.slice(0, 2));
});

test("Transformers.js loads what a run writes, and it gives the logits that we give", async () => {
  env.allowRemoteModels = false;
  const golden = JSON.parse(readFileSync(join(whole, "golden.json"), "utf8")) as {
    readonly prompts: readonly (readonly number[])[];
    readonly images: readonly number[];
  };
  const ids = golden.prompts[0]!;
  const pixels = Float32Array.from(golden.images.slice(0, 3 * SIZE * SIZE));
  const int64 = (f: (i: number) => number) => BigInt64Array.from(ids, (_, i) => BigInt(f(i)));
  const given = {
    input_ids: tensor(
      "int64",
      [1, ids.length],
      int64((i) => ids[i]!),
    ),
    attention_mask: tensor(
      "int64",
      [1, ids.length],
      int64(() => 1),
    ),
    position_ids: tensor(
      "int64",
      [1, ids.length],
      int64((i) => i),
    ),
    pixel_values: tensor("float32", [1, 3, SIZE, SIZE], pixels),
  };
  const session = await openSource(await findModel(nodeFiles, at("joined/model")), {
    files: nodeFiles,
    runtime,
  });
  const ours = (await runInFloat32(session, new Map(Object.entries(given)), ["logits"])).get("logits")!;
  await session.release();

  const { position_ids: _, ...theirs } = given;
  const model = await PaliGemmaForConditionalGeneration.from_pretrained(at("joined/model"));
  const feeds = Object.entries(theirs).map(([name, t]) => [name, new Tensor(t.dtype, t.data, [...t.dims])]);
  const { logits } = (await model(Object.fromEntries(feeds))) as { readonly logits: Tensor };
  await model.dispose();
  expect(logits.dims).toEqual([...ours.dims]);
  const numbers = toNumbers(ours);
  const apart = numbers.map((v, i) => Math.abs(v - (logits.data[i] as number)));
  expect(Math.max(...apart)).toBeLessThan(TOLERANCE);
});

describe("is refused by name", () => {
  const edited = (name: string, file: string, change: Record<string, unknown>): string => {
    const path = writeParts(name);
    const json = JSON.parse(readFileSync(join(path, file), "utf8")) as Record<string, unknown>;
    writeFileSync(join(path, file), JSON.stringify({ ...json, ...change }));
    return path;
  };
  const without = (part: string): string => {
    const path = writeParts(`no-${part}`);
    rmSync(join(path, "onnx", part));
    return path;
  };

  test.each([
    ["embed_tokens.onnx", /holds vision_encoder.onnx, decoder_model_merged.onnx, but no embed_tokens.onnx/u],
    [
      "decoder_model_merged.onnx",
      /holds vision_encoder.onnx, embed_tokens.onnx, but no decoder_model_merged.onnx/u,
    ],
    ["vision_encoder.onnx", /names a token for images, but vision_encoder.onnx is missing/u],
  ])("a folder without %s", async (part, message) => {
    await expect(train("bad", { model: without(part) })).rejects.toThrow(message);
  });

  test("a part in two precisions, none of them full", async () => {
    const path = writeParts("precisions");
    const at = (name: string) => join(path, "onnx", `${name}.onnx`);
    renameSync(at("decoder_model_merged"), at("decoder_model_merged_q4"));
    expect((await findModel(nodeFiles, path)).path).toBe(at("decoder_model_merged_q4"));
    cpSync(at("decoder_model_merged_q4"), at("decoder_model_merged_fp16"));
    await expect(findModel(nodeFiles, path)).rejects.toThrow(/one part several times: .*_fp16.*_q4/u);
  });

  test("a config that names no token for the image", async () => {
    const model = edited("nameless", "config.json", { image_token_index: undefined });
    await expect(train("bad", { model })).rejects.toThrow(/config.json .* no image_token_index/u);
  });

  test("another number of tokens than the vision encoder gives features", async () => {
    const model = edited("counted", "preprocessor_config.json", { image_seq_length: 3 });
    await expect(train("bad", { model })).rejects.toThrow(
      /3 tokens stand for an image, and the vision encoder gives 4 features .* image_seq_length .* to 4/u,
    );
  });
});
