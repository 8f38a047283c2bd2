import { beforeAll, describe, expect, test } from "vitest";
import { vjp } from "../autodiff/vjp.ts";
import { peftNames } from "../config/methods.ts";
import { encodeModel } from "../onnx/encode.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { type Lowered, lower } from "../passes/lower.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { bfloat16ToFloat, halfToFloat } from "../tensor/half.ts";
import { createRandom } from "../tensor/random.ts";
import { decodeSafetensors, encodeSafetensors } from "../tensor/safetensors.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { createEvaluator } from "../training/constant-evaluator.ts";
import { adapterContent, fitAdapter } from "./adapter-file.ts";
import { type Attached, attach, mergeAdapters, mergeProblems, startAdapters } from "./attach.ts";
import { type Parts, type PeftMethod, type PeftSettings, plainSettings } from "./method.ts";
import { peftMethods } from "./registry.ts";
import { findSites, type Site } from "./site.ts";
import { type SiteCase, siteCases } from "./sites.fixtures.ts";

/** Largest difference relative to the largest output, by what the layer computes or keeps its weight in. */
const TOLERANCE = { float32: 2e-6, float16: 4e-3, bfloat16: 2e-2 } as const;
/** In float64, of central differences with step 1e-5; in float32 with step 1e-2, where there is no float64 kernel. */
const GRADIENT = { float64: 1e-7, float32: 5e-3 } as const;

const plain: PeftSettings = { ...plainSettings, rank: 2, alpha: 3 };

/** Needs a network that mixes tokens: prompt.test.ts. */
const elsewhere: readonly string[] = ["prompt"];

/** What a method can be set to. A new method needs no row; a new setting of one does. */
const variants: readonly (readonly [name: string, title: string, settings: Partial<PeftSettings>])[] = [
  ["lora", "", {}],
  ["lora", "with √rank", { rsLora: true }],
  ["lora", "from singular vectors", { init: "pissa" }],
  ["dora", "", {}],
  ["ia3", "on outputs", {}],
  ["ia3", "on inputs", { isFeedforward: () => true }],
  ["series-adapter", "before", { placement: "before" }],
  ["series-adapter", "after", { placement: "after" }],
  ["parallel-adapter", "", {}],
  ["parallel-adapter", "with gelu, not from zero", { init: "normal", activation: "gelu" }],
];

const rows = variants.flatMap(([name, title, settings]) =>
  siteCases.map((site) => ({
    method: peftMethods.find((m) => m.name === name)!,
    settings: { ...plain, ...settings },
    site,
    title: `${name} ${title} on ${site.title}`.replace("  ", " "),
  })),
);
const fits = ({ method, settings, site }: (typeof rows)[number]) =>
  method.kinds.includes(site.kind) &&
  (settings.init !== "pissa" || (site.kind === "linear" && !site.isQuantized)) &&
  // Differences of what is rounded to float16 say little, and there is no float64 for gelu.
  !(settings.activation === "gelu" && site.stored === "float16");
const fitting = rows.filter(fits);

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

test("settings and registry know the same methods, and each is tried here", () => {
  const names = peftMethods.map((m) => m.name);
  expect([...peftNames]).toEqual(names);
  expect(names.filter((name) => !variants.some(([n]) => n === name))).toEqual(elsewhere);
});

describe.each(fitting)("$title", ({ method, settings, site }) => {
  test("starts as it promises, and what is taken out leaves the graph as it was", async () => {
    const model = site.model();
    const before = encodeModel(model);
    const expected = await run(before, site);
    const { attached } = put(model, method, settings);
    const got = await run(encodeModel(model), site);
    if (method.startsAsIdentity(settings)) expectClose(got, expected, toleranceOf(site));
    else expect(distance(got, expected)).toBeGreaterThan(0);
    attached.detach();
    expect(encodeModel(model)).toEqual(before);
  });

  test("gives the gradients of its own parameters that central differences give", async () => {
    const model = site.model();
    const { attached, sites } = put(model, method, settings);
    for (const p of attached.parameters) shake(p.value);
    expect(new Set(attached.parameters.map((p) => p.site))).toEqual(new Set(sites));
    // ONNX Runtime has no convolution, no four-bit product and no error function of float64.
    const isNarrow = site.kind === "conv" || site.title === "MatMulNBits" || settings.activation === "gelu";
    await checkGradients(model, attached, site, !isNarrow);
  });

  test("merged computes what the graph with it computes, and changes weights alone", async () => {
    const model = site.model();
    const before = encodeModel(model);
    const { attached, adapters } = put(model, method, settings);
    for (const p of attached.parameters) shake(p.value);
    const expected = await run(encodeModel(model), site);
    const now = partsIn(attached);
    attached.detach();
    if (mergeProblems(method, adapters).length > 0) {
      expect(() => mergeAdapters(adapters, { method, now, share: 1 })).toThrow(/cannot be merged/u);
      expect(encodeModel(model)).toEqual(before);
      return;
    }
    const weights = model.graph.initializers.map((v) => v.constant!);
    mergeAdapters(adapters, { method, now, share: 1 });
    const merged = encodeModel(model);
    expect(merged).not.toEqual(before);
    expectClose(await run(merged, site), expected, toleranceOf(site));
    model.graph.initializers.forEach((v, i) => {
      v.constant = weights[i]!;
    });
    expect(encodeModel(model)).toEqual(before);
    mergeAdapters(adapters, { method, now, share: 0 });
    expectClose(await run(encodeModel(model), site), await run(before, site), toleranceOf(site));
  });

  test("is saved and loaded without a loss", async () => {
    const model = site.model();
    const { attached, adapters, sites } = put(model, method, settings);
    for (const p of attached.parameters) shake(p.value);
    const expected = await run(encodeModel(model), site);
    const now = partsIn(attached);
    attached.detach();
    const { config, tensors } = adapterContent({
      method,
      adapters,
      now,
      others: new Map(),
      base: "m",
      wrapper: [],
    });
    const loaded = fitAdapter(
      {
        config: JSON.parse(JSON.stringify(config)) as Record<string, unknown>,
        tensors: decodeSafetensors(encodeSafetensors(tensors), "adapter").tensors,
      },
      sites,
      "adapter",
    );
    expect(loaded.method).toBe(method);
    attach(model, loaded.adapters, loaded);
    expectClose(await run(encodeModel(model), site), expected, toleranceOf(site));
  });
});

function put(model: Model, method: PeftMethod, settings: PeftSettings) {
  const sites = findSites(model, (v) => (v.constant?.dims.length ?? 0) > 1);
  expect(sites.map((s) => s.refusal)).toEqual([null]);
  const adapters = startAdapters({ method, settings, sites, seed: 1 });
  return { sites, adapters, attached: attach(model, adapters, { method }) };
}

/** Moves a parameter away from where it starts, where zeros hide mistakes. */
function shake(value: Value): void {
  const random = createRandom(value.name.length);
  const { dims, data } = value.constant as Tensor<"float32">;
  value.constant = tensor(
    "float32",
    dims,
    data.map((v) => v + 0.3 * random.normal()),
  );
}

function partsIn({ parameters }: Attached): (site: Site) => Parts {
  return (site) =>
    new Map(
      parameters
        .filter((p) => p.site === site)
        .map((p) => [p.part, p.value.constant as Tensor<"float32">] as const),
    );
}

async function run(model: Uint8Array, { feeds }: SiteCase): Promise<number[]> {
  return numbers([...(await runOn(model, feeds)).values()][0]!);
}

function numbers({ dtype, data }: Tensor): number[] {
  const read = dtype === "float16" ? halfToFloat : dtype === "bfloat16" ? bfloat16ToFloat : Number;
  return Array.from(data as ArrayLike<number>, read);
}

function toleranceOf({ stored }: SiteCase): number {
  return TOLERANCE[stored ?? "float32"];
}

function distance(got: readonly number[], expected: readonly number[]): number {
  expect(got.length).toBe(expected.length);
  return got.reduce((worst, v, i) => Math.max(worst, Math.abs(v - expected[i]!)), 0);
}

function expectClose(got: readonly number[], expected: readonly number[], tolerance: number): void {
  const scale = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-6);
  expect(distance(got, expected) / scale).toBeLessThanOrEqual(tolerance);
}

/** Compares VJPs with central differences of ⟨w, y⟩, in float64 where ONNX Runtime has the kernels. */
async function checkGradients(
  model: Model,
  attached: Attached,
  site: SiteCase,
  isDouble: boolean,
): Promise<void> {
  const lowered = await lower(model, {
    inputShapes: new Map([...site.feeds].map(([name, t]) => [name, t.dims])),
    parameters: attached.parameters,
    evaluate: createEvaluator(runtime),
  });
  const { graph, b } = lowered;
  const y = lowered.outputs.get("y")!;
  const random = createRandom(9);
  const w = b.constant(drawnLike(y, () => random.normal()));
  const parameters = attached.parameters.map((p) => lowered.parameters.get(p.value)!);
  const detached = new Set(attached.detached.map((v) => lowered.valueOf.get(v)!));
  const cotangents = vjp(b, { seeds: new Map([[y, w]]), wrt: parameters, detached });
  const gradients = parameters.map((p) => b.op("Identity", [cotangents.get(p)!]));
  graph.outputs = [y, ...gradients];
  if (isDouble) widen(lowered);
  const feeds = new Map<string, Tensor>(
    [...site.feeds].map(([name, t]) => [name, isDouble && t.dtype !== "int64" ? doubles(t) : t]),
  );
  attached.parameters.forEach((p, i) => {
    feeds.set(parameters[i]!.name, isDouble ? doubles(p.value.constant!) : p.value.constant!);
  });
  for (const [i, v] of [...graph.outputs, ...detached].entries()) v.name = `out_${i}`;
  const encode = () => encodeModel({ ...model, graph, opsets: new Map([...lowered.opsets]), irVersion: 10 });
  // What no gradient flows through is held where it is, for the differences too.
  const held = [...detached].map((v) => ({ value: v, readers: [...v.uses] }));
  graph.outputs.push(...detached);
  const values = await runOn(encode(), feeds);
  const at = graph.outputs.map((v) => values.get(v.name)!);
  held.forEach(({ value, readers }, i) => {
    const constant = b.constant(at[graph.outputs.length - held.length + i]!, `held_${i}`);
    for (const { node, index } of readers) node.setInput(index, constant);
    value.name = `free_${i}`;
  });
  graph.outputs = [y];
  const session = await runtime.createSession(encode(), { optimization: "disabled" });
  try {
    const weights = numbers(w.constant!);
    const loss = async () => {
      const out = numbers([...(await session.run(feeds)).values()][0]!);
      return out.reduce((sum, v, i) => sum + v * weights[i]!, 0);
    };
    const step = isDouble ? 1e-5 : 1e-2;
    for (const [i, p] of parameters.entries()) {
      const data = feeds.get(p.name)!.data as Float64Array;
      const expected: number[] = [];
      for (let k = 0; k < data.length; k++) {
        const before = data[k]!;
        data[k] = before + step;
        const up = await loss();
        data[k] = before - step;
        expected.push((up - (await loss())) / (2 * step));
        data[k] = before;
      }
      expectClose(numbers(at[i + 1]!), expected, GRADIENT[isDouble ? "float64" : "float32"]);
    }
  } finally {
    await session.release();
  }
}

async function runOn(model: Uint8Array, feeds: ReadonlyMap<string, Tensor>): Promise<Map<string, Tensor>> {
  const session = await runtime.createSession(model, { optimization: "disabled" });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

function drawnLike({ dtype, dims }: Value, draw: () => number): Tensor {
  const data = Float32Array.from({ length: sizeOf(dims) }, draw);
  // ±1 in float16: the sign of what was drawn.
  return dtype === "float16"
    ? tensor(
        "float16",
        dims,
        Uint16Array.from(data, (v) => (v < 0 ? 0xbc00 : 0x3c00)),
      )
    : tensor("float32", dims, data);
}

function doubles(t: Tensor): Tensor<"float64"> {
  return tensor("float64", t.dims, Float64Array.from(numbers(t)));
}

/** Makes a lowered graph compute in float64 throughout. */
function widen({ graph }: Lowered): void {
  const isNarrow = (dtype: string) => dtype === "float32" || dtype === "float16";
  for (const value of graph.values()) {
    if (!value.isTyped || !isNarrow(value.dtype)) continue;
    value.type = { dtype: "float64", dims: value.dims };
    if (value.constant) value.constant = doubles(value.constant);
  }
  for (const node of graph.nodes)
    if (node.opType === "Cast" && [1, 10].includes(node.int("to")))
      node.attributes.set("to", { kind: "int", value: 11 });
}
