import { beforeAll, describe, expect, test } from "vitest";
import { encodeModel } from "../onnx/encode.ts";
import { loadModel } from "../onnx/load.ts";
import type { Model } from "../onnx/model.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { sitesOf } from "../training/adapters.ts";
import { createEvaluator } from "../training/constant-evaluator.ts";
import { buildTrainingGraph, initialOf } from "../training/training-graph.ts";
import { adapterContent, fitAdapter } from "./adapter-file.ts";
import { attach, mergeProblems, startAdapters } from "./attach.ts";
import { type PeftSettings, plainSettings } from "./method.ts";
import { prompt } from "./prompt.ts";
import { chooseSites } from "./targets.ts";

// A small BERT for token classification: input_ids, attention_mask, token_type_ids [2, 7] to logits [2, 7, 3].
const [TEXTS, TOKENS, VECTORS, LABELS] = [2, 7, 3, 3];
/** Of float32 sums over a few hundred products, relative to the largest logit. */
const TOLERANCE = 1e-5;
const ids = [2, 9, 4, 17, 3, 0, 0, 5, 11, 28, 6, 1, 8, 3];
const mask = [1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1];
const types = [0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1];

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

const load = () => loadModel(`${import.meta.dirname}/fixtures/bert.onnx`, nodeFiles);
const longs = (values: readonly number[]) =>
  tensor("int64", [TEXTS, values.length / TEXTS], BigInt64Array.from(values, BigInt));
const feedsOf = (input_ids: readonly number[], attention: readonly number[], kinds: readonly number[]) =>
  new Map<string, Tensor>([
    ["input_ids", longs(input_ids)],
    ["attention_mask", longs(attention)],
    ["token_type_ids", longs(kinds)],
  ]);

async function logits(model: Model, feeds: ReadonlyMap<string, Tensor>): Promise<Float32Array> {
  const session = await runtime.createSession(encodeModel(model));
  try {
    return (await session.run(feeds)).get("logits")!.data as Float32Array;
  } finally {
    await session.release();
  }
}

function put(model: Model, placement: PeftSettings["placement"]) {
  const settings: PeftSettings = { ...plainSettings, rank: VECTORS, placement };
  const sites = chooseSites(sitesOf(model), "all-linear", { method: prompt, head: new Set() });
  expect(sites.map((s) => s.module)).toEqual(["bert.embeddings.word_embeddings"]);
  const adapters = startAdapters({ method: prompt, settings, sites, seed: 5 });
  return { adapters, attached: attach(model, adapters, { method: prompt }) };
}

/** `extra` among the entries of each text. */
function among(values: readonly number[], extra: readonly number[], at: number): number[] {
  return Array.from({ length: TEXTS }, (_, t) => values.slice(t * TOKENS, (t + 1) * TOKENS)).flatMap(
    (row) => [...row.slice(0, at), ...extra, ...row.slice(at)],
  );
}

/** The rows of the table that vectors are, by their index. */
function rowsOf(table: Float32Array, vectors: Float32Array): number[] {
  const width = vectors.length / VECTORS;
  return Array.from({ length: VECTORS }, (_, v) => {
    const row = vectors.subarray(v * width, (v + 1) * width);
    return Array.from({ length: table.length / width }, (_, i) => i).find((i) =>
      row.every((x, k) => x === table[i * width + k]),
    )!;
  });
}

describe.each([
  ["before", 0],
  ["after", 1],
] as const)("a prompt that stands %s the first token", (placement, at) => {
  test("of rows of the table computes what the model computes for a text with these words", async () => {
    const model = await load();
    const table = sitesOf(model)[0]!.weight.constant!.data as Float32Array;
    const { attached } = put(model, placement);
    const words = rowsOf(table, attached.parameters[0]!.value.constant!.data as Float32Array);
    const got = await logits(model, feedsOf(ids, mask, types));
    attached.detach();
    const ones = words.map(() => 1);
    const zeros = words.map(() => 0);
    const whole = await logits(
      model,
      feedsOf(among(ids, words, at), among(mask, ones, at), among(types, zeros, at)),
    );
    const per = (TOKENS + VECTORS) * LABELS;
    const expected = Array.from({ length: TEXTS }, (_, t) => [
      ...whole.slice(t * per, (t + 1) * per),
    ]).flatMap((row) => [...row.slice(0, at * LABELS), ...row.slice((at + VECTORS) * LABELS)]);
    const scale = Math.max(...expected.map(Math.abs));
    expect(got.length).toBe(expected.length);
    got.forEach((v, i) => {
      expect(Math.abs(v - expected[i]!) / scale).toBeLessThan(TOLERANCE);
    });
  });

  test("gets the gradient that central differences give, alone of all parameters", async () => {
    const model = await load();
    const { attached } = put(model, placement);
    const [p] = attached.parameters;
    const graph = await buildTrainingGraph(model, {
      inputShapes: new Map(
        ["input_ids", "attention_mask", "token_type_ids"].map((n) => [n, [TEXTS, TOKENS]]),
      ),
      loss: "cross-entropy",
      logits: "logits",
      trainable: [
        { value: p!.value, name: p!.name, role: "embedding", isAdded: false, constantBecause: null },
      ],
      evaluate: createEvaluator(runtime),
    });
    expect(graph.parameters.map((q) => q.name)).toEqual([
      "bert.embeddings.word_embeddings.prompt_embeddings",
    ]);
    const first = initialOf(graph.parameters[0]!);
    const data = first.data.slice();
    const targets = tensor(
      "int64",
      [TEXTS, TOKENS],
      BigInt64Array.from(ids, (v) => BigInt(v % LABELS)),
    );
    const feeds = new Map<string, Tensor>([
      ...feedsOf(ids, mask, types),
      ["targets", targets],
      [p!.name, tensor("float32", first.dims, data)],
    ]);
    const session = await runtime.createSession(graph.trainingModel);
    try {
      const gradient = (await session.run(feeds)).get(`${p!.name}_grad`)!.data as Float32Array;
      const loss = async () =>
        (await session.run(feeds, { outputs: ["loss"] })).get("loss")!.data[0] as number;
      const step = 1e-2;
      const scale = gradient.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
      expect(scale).toBeGreaterThan(1e-3);
      for (let i = 0; i < data.length; i += 5) {
        const before = data[i]!;
        data[i] = before + step;
        const up = await loss();
        data[i] = before - step;
        const difference = (up - (await loss())) / (2 * step);
        data[i] = before;
        // Differences of a float32 loss of about 1: its last digits over the step, and the curvature.
        expect(Math.abs(gradient[i]! - difference)).toBeLessThan(0.02 * scale + 1e-5);
      }
    } finally {
      await session.release();
    }
  });
});

test("what is taken out leaves the graph as it was, files give the same model, and there is nothing to merge", async () => {
  const model = await load();
  const before = encodeModel(model);
  const { attached, adapters } = put(model, "after");
  const expected = await logits(model, feedsOf(ids, mask, types));
  attached.detach();
  expect(encodeModel(model)).toEqual(before);
  expect(mergeProblems(prompt, adapters)[0]).toMatch(/no plain layer/u);
  const content = adapterContent({
    method: prompt,
    adapters,
    now: () => adapters[0]!.start,
    others: new Map(),
    base: "b",
    wrapper: [],
  });
  const loaded = fitAdapter(content, sitesOf(model), "prompt");
  attach(model, loaded.adapters, loaded);
  expect(await logits(model, feedsOf(ids, mask, types))).toEqual(expected);
});

test("inputs whose new entries nobody can know are refused, and the graph stays as it was", async () => {
  const model = await load();
  const [first] = model.graph.inputs;
  const odd = model.graph.inputs[1]!;
  odd.name = "position_ids";
  const before = encodeModel(model);
  expect(first?.name).toBe("input_ids");
  expect(() => put(model, "after")).toThrow(/the input "position_ids" is not known/u);
  expect(encodeModel(model)).toEqual(before);
});
