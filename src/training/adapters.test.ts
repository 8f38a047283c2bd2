import { beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../config/parse.ts";
import type { ConfigInput } from "../config/schema.ts";
import { decodeModel } from "../onnx/decode.ts";
import { encodeModel } from "../onnx/encode.ts";
import type { Model } from "../onnx/model.ts";
import { siteCases } from "../peft/sites.fixtures.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { tasks } from "../tasks/registry.ts";
import { createRandom } from "../tensor/random.ts";
import { decodeSafetensors } from "../tensor/safetensors.ts";
import { int64s, scalar, type Tensor, tensor } from "../tensor/tensor.ts";
import { adapterGraphOptions, attachAdapters, bakeAdapters } from "./adapters.ts";
import { writeArtifacts } from "./artifacts.ts";
import { createEvaluator } from "./constant-evaluator.ts";
import { openOptimizer } from "./open-optimizer.ts";
import { prepareNetwork } from "./prepare-network.ts";
import { createTinyModel } from "./tiny-model.fixtures.ts";
import { buildTrainingGraph } from "./training-graph.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

const inputShapes = new Map([["image", [4, 1, 8, 8]]]);
const configOf = (settings: Partial<ConfigInput>) =>
  parseConfig({ model: "m", data: "d", out: "o", ...settings });

/** A run on the tiny model, up to its optimizer. */
async function open(settings: Partial<ConfigInput>, classes: readonly string[] = ["a", "b", "c"]) {
  const config = configOf(settings);
  const evaluate = createEvaluator(runtime);
  const model = decodeModel(createTinyModel());
  const network = await prepareNetwork(model, {
    ...{ config, task: tasks.classification, labels: null, evaluate },
    data: { classes, width: classes.length, inputShapes, targetDims: [] },
  });
  const graph = await buildTrainingGraph(model, {
    inputShapes,
    loss: "cross-entropy",
    logits: network.logits,
    trainable: network.trainable,
    evaluate,
    ...adapterGraphOptions(network.adapters),
  });
  const optimizer = await openOptimizer(config, { graph, network, files: createMemoryFiles() });
  return { network, graph, optimizer, model };
}

const conv = { targets: "conv", rank: 2 };

describe("SPD on adapters, without a word of configuration", () => {
  test("holds A and B to zero, which takes no memory, and gains to where they start", async () => {
    const { optimizer } = await open({ method: "dora", peft: conv });
    expect(optimizer.settings.map((s) => [s.name, s.rule.name, s.strength, s.anchor])).toEqual([
      ["conv.lora_A.weight", "spd", 1, "zero"],
      ["conv.lora_B.weight", "spd", 1, "zero"],
      ["conv.lora_magnitude_vector", "spd", 1, "init"],
    ]);
    expect([...optimizer.anchors.keys()]).toEqual(["conv.lora_magnitude_vector"]);
    const ia3 = await open({ method: "ia3", peft: { targets: "conv" } });
    expect(ia3.optimizer.settings.map((s) => [s.role, s.anchor])).toEqual([["norm", "init"]]);
  });

  test("holds A to its first value where that is asked for, and both where PiSSA starts far from zero", async () => {
    const places = async (peft: ConfigInput["peft"]) =>
      (await open({ method: "lora", peft: { rank: 2, ...peft } })).optimizer.settings.map((s) => s.anchor);
    expect(await places({ targets: "conv", anchor: "init" })).toEqual(["init", "zero"]);
    expect(await places({ targets: "fc", init: "pissa" })).toEqual(["init", "init"]);
  });

  test("weight decay pulls A and B to zero and leaves gains alone", async () => {
    const { optimizer } = await open({ method: "adamw", peft: { ...conv, method: "dora" } });
    expect(optimizer.settings.map((s) => s.strength)).toEqual([0.01, 0.01, 0]);
  });
});

describe("what is trained", () => {
  test("are adapters alone where the classifier is kept, and a new one with them", async () => {
    const names = async (classes: readonly string[], settings: Partial<ConfigInput> = {}) =>
      (await open({ method: "lora", peft: conv, ...settings }, classes)).graph.parameters.map((p) => p.name);
    const own = ["conv.lora_A.weight", "conv.lora_B.weight"];
    expect(await names(["a", "b", "c"])).toEqual(own);
    expect(await names(["a", "b"])).toEqual([...own, "head.weight", "head.bias"]);
    expect(await names(["a", "b", "c"], { trainable: "head" })).toEqual([...own, "fc.weight", "fc.bias"]);
  });

  test("cannot be all weights at once", async () => {
    await expect(open({ method: "lora", peft: conv, trainable: "all" })).rejects.toThrow(
      /contradict each other/u,
    );
    await expect(open({ method: "ia3", peft: { targets: "conv", dropout: 0.1 } })).rejects.toThrow(
      /peft.dropout is not for/u,
    );
    await expect(open({ method: "dora", peft: { ...conv, init: "pissa" } })).rejects.toThrow(
      /peft.init pissa is not for DoRA/u,
    );
  });
});

test("dropout follows its seed, and the evaluation graph has none", async () => {
  const { graph } = await open({ method: "lora", peft: { ...conv, dropout: 0.5 } });
  const random = createRandom(1);
  const image = tensor(
    "float32",
    [4, 1, 8, 8],
    Float32Array.from({ length: 256 }, () => random.normal()),
  );
  const feeds = new Map<string, Tensor>([
    ["image", image],
    ["targets", int64s([0, 1, 2, 0])],
  ]);
  // Away from B = 0, where what A sees does not show.
  for (const { name, source } of graph.parameters)
    feeds.set(
      name,
      tensor(
        "float32",
        source.constant!.dims,
        (source.constant!.data as Float32Array).map((v) => v + 1),
      ),
    );
  const loss = async (model: Uint8Array, seed: number | null) => {
    const session = await runtime.createSession(model);
    const all = seed === null ? feeds : new Map([...feeds, ["dropout_seed", scalar("int64", seed)] as const]);
    try {
      return (await session.run(all, { outputs: ["loss"] })).get("loss")!.data[0];
    } finally {
      await session.release();
    }
  };
  const first = await loss(graph.trainingModel, 7);
  expect(await loss(graph.trainingModel, 7)).toBe(first);
  expect(await loss(graph.trainingModel, 8)).not.toBe(first);
  const plain = await open({ method: "lora", peft: conv });
  expect(plain.graph.hasDropout).toBe(false);
  expect(await loss(graph.evalModel, null)).toBe(await loss(plain.graph.evalModel, null));
});

describe("adapters that cannot become part of the weights", () => {
  const quantised = siteCases.find((c) => c.title === "a weight kept in int8")!;
  const bake = (model: Model, method: "lora" | "series-adapter") => {
    const run = attachAdapters(
      model,
      configOf({ method, peft: { targets: ".", rank: 2, dropout: method === "lora" ? 0.1 : 0 } }),
      new Set(),
    )!;
    const values = new Map(
      run.attached.parameters.map((p) => [p.name, new Float32Array(p.value.constant!.data.length).fill(0.5)]),
    );
    run.attached.detach();
    bakeAdapters(model, run, values);
    return run;
  };

  test.each(["lora", "series-adapter"] as const)("are written as nodes, without dropout: %s", (method) => {
    const model = quantised.model();
    const stored = model.graph.initializers.map((v) => v.constant);
    expect(bake(model, method).keptBecause).toMatch(
      method === "lora" ? /fc" is quantised/u : /no plain layer/u,
    );
    const written = decodeModel(encodeModel(model));
    expect(written.graph.nodes.filter((n) => n.opType === "Identity")).toEqual([]);
    expect(written.graph.nodes.length).toBeGreaterThan(2);
    expect(model.graph.initializers.slice(0, 2).map((v) => v.constant)).toEqual(stored);
    const trained = written.graph.initializers.filter((v) => /^fc\.(lora|adapter)_/u.test(v.name));
    for (const v of trained) expect(new Set(v.constant!.data as Float32Array)).toEqual(new Set([0.5]));
    expect(trained.length).toBe(2);
  });
});

test("artifacts of adapters hold nothing else to train, and what merge needs to know", async () => {
  const files = createMemoryFiles();
  const { peft } = configOf({ peft: { method: "lora", targets: "conv", rank: 2, dropout: 0.1 } });
  await writeArtifacts(decodeModel(createTinyModel()), {
    files,
    runtime,
    out: "a",
    inputShapes,
    loss: "cross-entropy",
    logits: "logits",
    peft,
  });
  expect((await files.list("a")).map((e) => e.name).sort()).toEqual([
    "adapter_config.json",
    "artifacts.json",
    "checkpoint.safetensors",
    "eval_model.onnx",
    "optimizer_model.onnx",
    "training_model.onnx",
  ]);
  const facts = JSON.parse(await files.readText("a/artifacts.json"));
  expect(facts.parameters.map((p: { name: string; anchor: string }) => [p.name, p.anchor])).toEqual([
    ["conv.lora_A.weight", "zero"],
    ["conv.lora_B.weight", "zero"],
  ]);
  expect(facts.dropoutSeed).toEqual({ name: "dropout_seed", dtype: "int64", shape: [] });
  const { tensors } = decodeSafetensors(await files.read("a/checkpoint.safetensors"), "checkpoint");
  expect([...tensors.keys()]).toEqual(["conv.lora_A.weight", "conv.lora_B.weight"]);
  expect(JSON.parse(await files.readText("a/adapter_config.json"))).toMatchObject({
    peft_type: "LORA",
    r: 2,
    target_modules: ["conv"],
  });
});
