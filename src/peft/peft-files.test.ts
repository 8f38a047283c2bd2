import { readdirSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "../onnx/load.ts";
import type { Model } from "../onnx/model.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { decodeSafetensors } from "../tensor/safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { sitesOf } from "../training/adapters.ts";
import { mergeAdapter } from "../training/merge-adapter.ts";
import { ADAPTER_FILES, fitAdapter } from "./adapter-file.ts";
import type { Site } from "./site.ts";

// Adapters that Python PEFT trained or loaded, with the logits that it gave: scripts/goldens/peft_roundtrip.py.
const fixtures = `${import.meta.dirname}/fixtures`;
const folders = readdirSync(fixtures, { withFileTypes: true }).flatMap((e) =>
  e.isDirectory() ? [e.name] : [],
);
/** Of float32 sums over a few hundred products, relative to the largest logit. */
const TOLERANCE = 2e-5;

let runtime: Runtime;
let goldens: ReadonlyMap<string, Tensor>;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
  goldens = decodeSafetensors(await nodeFiles.read(`${fixtures}/goldens.safetensors`), "goldens").tensors;
});

const modelFor = (adapter: string) => (adapter === "embedding" ? "tokens.onnx" : "vit-torchscript.onnx");

/** The base models and adapters in memory, so that what is written can be looked at. */
async function inMemory(...paths: readonly string[]) {
  const files = createMemoryFiles();
  for (const path of paths) await files.write(path, await nodeFiles.read(`${fixtures}/${path}`));
  return files;
}

const filesOf = (adapter: string) => Object.values(ADAPTER_FILES).map((file) => `${adapter}/${file}`);

async function logits(model: Uint8Array, adapter: string): Promise<Float32Array> {
  const session = await runtime.createSession(model);
  const input = adapter === "embedding" ? "ids" : "pixel_values";
  try {
    return (await session.run(new Map([[input, goldens.get(input)!]]))).get("logits")!.data as Float32Array;
  } finally {
    await session.release();
  }
}

function expectClose(got: Float32Array, expected: Float32Array): void {
  const scale = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const worst = got.reduce((m, v, i) => Math.max(m, Math.abs(v - expected[i]!)), 0);
  expect(worst / scale).toBeLessThanOrEqual(TOLERANCE);
}

describe.each(folders)("the adapter %s", (adapter) => {
  const model = modelFor(adapter);
  test.each([[false], [true]])("gives PEFT's logits, as nodes of its own: %s", async (unmerged) => {
    const files = await inMemory(model, ...filesOf(adapter));
    const { replaced } = await mergeAdapter({ files, model, adapter, out: "out.onnx", unmerged });
    expect(replaced).toEqual(adapter === "ranks" ? ["classifier.bias", "classifier.weight"] : []);
    const expected = goldens.get(adapter)!.data as Float32Array;
    expectClose(await logits(await files.read("out.onnx"), adapter), expected);
  });

  test("scaled to nothing is the base model", async () => {
    const files = await inMemory(model, ...filesOf(adapter));
    await mergeAdapter({ files, model, adapter, out: "out.onnx", scale: 0 });
    expectClose(
      await logits(await files.read("out.onnx"), adapter),
      await logits(await files.read(model), adapter),
    );
  });
});

test("both of PyTorch's exporters, and PEFT, know modules by the same paths", async () => {
  const [old, now] = await Promise.all(["torchscript", "dynamo"].map((name) => sites(`vit-${name}.onnx`)));
  const paths = (list: readonly Site[] = []) => list.map((s) => `${s.module} ${s.kind} [${s.shape}]`);
  expect(paths(old)).toEqual(paths(now));
  expect(paths(old)).toContain("vit.layers.1.mlp.fc2 linear [32,64]");
  expect(old?.filter((s) => s.namedBy === "file")).toEqual([]);
});

test("an adapter of another model is refused by what does not fit, and nothing is written", async () => {
  const files = await inMemory(
    "tokens.onnx",
    "vit-torchscript.onnx",
    ...filesOf("lora"),
    ...filesOf("embedding"),
  );
  const merge = (model: string, adapter: string) => mergeAdapter({ files, model, adapter, out: "out.onnx" });
  await expect(merge("tokens.onnx", "lora")).rejects.toThrow(
    /lora does not fit this model.*"vit.layers.0.attention.q_proj" is no layer of the model.*layers: emb \[11, 6\], head \[3, 6\]/su,
  );
  await expect(merge("vit-torchscript.onnx", "embedding")).rejects.toThrow(/"emb" is no layer of the model/u);
  expect(await files.exists("out.onnx")).toBe(false);
});

test("an adapter of a model of another width is refused by the shapes", async () => {
  const model = await loadModel(`${fixtures}/vit-torchscript.onnx`, nodeFiles);
  const { tensors } = decodeSafetensors(
    await nodeFiles.read(`${fixtures}/lora/${ADAPTER_FILES.weights}`),
    "lora",
  );
  const config = JSON.parse(await nodeFiles.readText(`${fixtures}/lora/${ADAPTER_FILES.config}`)) as Record<
    string,
    unknown
  >;
  const wrong = () => fitAdapter({ config: { ...config, r: 5 }, tensors }, sitesOf(model), "wide");
  expect(wrong).toThrow(/"vit.layers.0.attention.q_proj": A has shape \[3, 32\], expected \[5, 32\]/u);
  const pissa = () =>
    fitAdapter({ config: { ...config, init_lora_weights: "pissa" }, tensors }, sitesOf(model), "p");
  expect(pissa).toThrow(/path_initial_model_for_weight_conversion/u);
});

test("an adapter that was trained on other weights is refused, unless it is forced", async () => {
  const files = await inMemory("vit-torchscript.onnx", ...filesOf("here-lora"), ...filesOf("rslora"));
  const merge = (model: string, adapter: string, force = false) =>
    mergeAdapter({ files, model, adapter, out: `${adapter}.onnx`, force });
  expect((await merge("vit-torchscript.onnx", "here-lora")).isKnownBase).toBe(true);
  expect((await merge("vit-torchscript.onnx", "rslora")).isKnownBase).toBe(null);
  await expect(merge("rslora.onnx", "here-lora")).rejects.toThrow(/trained on other weights/u);
  expect((await merge("rslora.onnx", "here-lora", true)).isKnownBase).toBe(false);
});

async function sites(name: string): Promise<Site[]> {
  const model: Model = await loadModel(`${fixtures}/${name}`, nodeFiles);
  return sitesOf(model);
}
