import { readdirSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { graphOf, modelOf, type NodeText } from "../../test/support/graph-of.ts";
import { ConfigError } from "../errors.ts";
import { decodeModel } from "../onnx/decode.ts";
import type { Model } from "../onnx/model.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { decodeSafetensors } from "../tensor/safetensors.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import { sitesOf } from "../training/adapters.ts";
import { mergeAdapter } from "../training/merge-adapter.ts";
import { ADAPTER_FILES, adapterContent, fitAdapter } from "./adapter-file.ts";
import { findWrapper, wrapperOf } from "./wrapper.ts";

// Language models exported through a module of their own, and adapters that Python PEFT trained on the models
// themselves, with the logits that it gave: scripts/goldens/peft_language.py.
const fixtures = `${import.meta.dirname}/language-fixtures`;
/** Of float32 sums over a few dozen products, relative to the largest logit. */
const TOLERANCE = 2e-5;
const wrappers: Readonly<Record<string, readonly string[]>> = {
  "llama-torchscript": ["m."],
  "llama-dynamo": ["m."],
  "llama-peft": ["m.base_model.model.", "m.model."],
  tied: ["m."],
  gpt2: ["m."],
};
const pairs = Object.keys(wrappers).flatMap((file) =>
  readdirSync(fixtures)
    .filter((name) => name.startsWith(`${file.replace(/-.*/u, "")}-`) && !name.endsWith(".gz"))
    .map((adapter) => [file, adapter] as const),
);

const modelBytes = async (file: string) => gunzipSync(await nodeFiles.read(`${fixtures}/${file}.onnx.gz`));

async function adapterOf(name: string) {
  const { tensors } = decodeSafetensors(
    await nodeFiles.read(`${fixtures}/${name}/${ADAPTER_FILES.weights}`),
    name,
  );
  const config: unknown = JSON.parse(await nodeFiles.readText(`${fixtures}/${name}/${ADAPTER_FILES.config}`));
  return { config: config as Record<string, unknown>, tensors };
}

test("each exported file has a wrapper, whichever exporter wrote it", async () => {
  for (const [file, wrapper] of Object.entries(wrappers))
    expect(findWrapper(decodeModel(await modelBytes(file))), file).toEqual(wrapper);
});

describe.each(pairs)("on %s, the adapter %s of PEFT", (file, name) => {
  test("is written with PEFT's own keys and shapes", async () => {
    const model = decodeModel(await modelBytes(file));
    const theirs = await adapterOf(name);
    const wrapper = findWrapper(model);
    const fitted = fitAdapter(theirs, sitesOf(model), name, wrapper);
    const ours = adapterContent({ ...fitted, base: "", wrapper });
    const shapes = (tensors: ReadonlyMap<string, Tensor>) =>
      [...tensors].map(([key, { dims }]) => `${key} [${dims}]`).sort();
    expect(shapes(ours.tensors)).toEqual(shapes(theirs.tensors));
    for (const key of ["target_modules", "feedforward_modules"] as const) {
      const names = (ours.config[key] ?? []) as readonly string[];
      const ends = (theirs.config[key] ?? []) as readonly string[];
      // They name modules by the ends of their paths.
      expect(names.filter((path) => ends.some((end) => path.endsWith(`.${end}`)))).toEqual(names);
      expect(ends.filter((end) => !names.some((path) => path.endsWith(`.${end}`)))).toEqual([]);
    }
  });

  test("merged gives PEFT's logits", async () => {
    const { tensors: goldens } = decodeSafetensors(
      await nodeFiles.read(`${fixtures}/goldens.safetensors`),
      "g",
    );
    const files = createMemoryFiles();
    await files.write("model.onnx", await modelBytes(file));
    for (const part of Object.values(ADAPTER_FILES))
      await files.write(`${name}/${part}`, await nodeFiles.read(`${fixtures}/${name}/${part}`));
    await mergeAdapter({ files, model: "model.onnx", adapter: name, out: "out.onnx" });
    const runtime = await openRuntime({ prefer: "native", threads: 1 });
    const session = await runtime.createSession(await files.read("out.onnx"));
    const ids = goldens.get("input_ids")!;
    const mask = { ...ids, data: new BigInt64Array(ids.data.length).fill(1n) };
    const feeds = new Map(session.inputs.map((i) => [i.name, i.name === "input_ids" ? ids : mask] as const));
    const got = (await session.run(feeds)).get("logits")!.data as Float32Array;
    await session.release();
    const expected = goldens.get(name)!.data as Float32Array;
    const scale = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    const worst = got.reduce((m, v, i) => Math.max(m, Math.abs(v - expected[i]!)), 0);
    expect(worst / scale).toBeLessThanOrEqual(TOLERANCE);
  });
});

/** A model whose nodes bear these scopes. */
function scoped(...scopes: readonly string[]): Model {
  const graph = graphOf({
    inputs: { x: { dtype: "float32", dims: [2, 3] } },
    constants: { w: zeros("float32", [3, 3]) },
    nodes: scopes.map((_, i): NodeText => ["MatMul", [i === 0 ? "x" : `y${i - 1}`, "w"], [`y${i}`]]),
    outputs: [`y${scopes.length - 1}`],
  });
  graph.nodes.forEach((node, i) => {
    node.name = `${scopes[i]}/MatMul`;
  });
  return modelOf(graph);
}

test.each([
  ["a model that is exported as it is", ["/bert/encoder", "/classifier"], []],
  ["a wrapper", ["/m/bert/encoder", "/m/classifier"], ["m."]],
  ["a list of layers", ["/net/net.0", "/net/net.2"], []],
  ["a tower of transformers", ["/text_model/encoder", "/text_model/norm"], []],
  ["no scopes", ["", ""], []],
])("%s", (_, scopes, wrapper) => {
  expect(findWrapper(scoped(...scopes))).toEqual(wrapper);
});

test("a wrapper can be named, and one that nothing lies under is refused", () => {
  const model = scoped("/net/up", "/net/down");
  const paths = ["net.up", "net.down"];
  expect(wrapperOf(model, "auto", paths)).toEqual(["net."]);
  expect(wrapperOf(model, "none", paths)).toEqual([]);
  expect(wrapperOf(model, "net", paths)).toEqual(["net."]);
  expect(() => wrapperOf(model, "m", paths)).toThrow(ConfigError);
  expect(() => wrapperOf(model, "m", paths)).toThrow(/no adapted layer lies under it; they are net.up/u);
});
