import { ConfigError } from "../errors.ts";
import type { Attribute } from "../onnx/attribute.ts";
import type { Value } from "../onnx/value.ts";
import type { Random } from "../tensor/random.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { loraFormat, loraScale } from "./lora-format.ts";
import { product } from "./matrix.ts";
import type { PartInfo, Parts, PeftMethod, PeftSettings, StartContext, WireContext } from "./method.ts";
import type { Site, SiteUse } from "./site.ts";
import type { Place } from "./surgery.ts";
import { leadingSvd } from "./svd.ts";

/**
 * Low-rank adaptation: a product of two thin matrices beside a frozen weight.
 *
 *     y = W0 x + s B A dropout(x),   s = alpha / r, or alpha / √r (rsLoRA)
 *
 * A ~ U(−1/√in, 1/√in) and B = 0, so training starts at the base model; an embedding has A = 0 and B ~ N(0, 1).
 * PiSSA starts at the leading singular vectors of W0 instead. What they stand for is taken off in a frozen branch,
 * y = W0 x + s (B A − B₀ A₀) x, so that W0 stays as it is, in whatever type.
 *
 * Hu et al., ICLR 2022; Kalajdzievski, arXiv 2312.03732 (rsLoRA); Meng et al., NeurIPS 2024 (PiSSA).
 */
export const lora: PeftMethod = {
  name: "lora",
  title: "LoRA",
  summary: "two thin matrices beside each frozen weight",
  paper: "https://arxiv.org/abs/2106.09685",
  file: { ...loraFormat, isMine: (config) => config.use_dora !== true },
  kinds: ["linear", "conv", "embedding"],
  defaults: { rank: 8 },
  inits: ["default", "gaussian", "pissa"],
  hasDropout: true,
  startsAsIdentity: () => true,
  parts: loraParts,
  shapes: loraShapes,
  start: startLora,
  wire: (site, use, context) => {
    const place = context.surgery.after(use.node, site.module);
    const y = use.node.output();
    const x = loraInput(place, site, use, context);
    const update = place.scale(loraProduct(place, site, x, context), use.alpha * loraScale(context.settings));
    place.replace(y, place.op("Add", [y, place.cast(update, "float32", site.dtype)]));
  },
  merge: (site, { weight, bias }, { settings, parts, start, share }) => {
    const delta = loraDelta(site, settings, parts, start);
    return { weight: weight.map((w, i) => w + share * delta[i]!), bias };
  },
};

export function loraParts(site: Site, { anchor, init }: PeftSettings): Map<string, PartInfo> {
  const [a, b] =
    site.kind === "embedding" ? ["lora_embedding_A", "lora_embedding_B"] : ["lora_A.weight", "lora_B.weight"];
  // PiSSA's two factors start far from zero, where ΔW is zero.
  const isFar = init === "pissa";
  return new Map([
    ["A", { key: a, anchor: isFar ? "init" : anchor, role: "weight" }],
    ["B", { key: b, anchor: isFar ? "init" : "zero", role: "weight" }],
  ]);
}

/** Shapes of A and B, as PEFT has them. */
export function loraShapes({ kind, shape }: Site, { rank }: PeftSettings): Map<string, Shape> {
  const [out, inner, ...kernel] = shape as [number, number, ...number[]]; // a site's weight has two axes or more
  const isTable = kind === "embedding";
  return new Map([
    ["A", isTable ? [rank, out] : [rank, inner, ...kernel]],
    ["B", isTable ? [inner, rank] : [out, rank, ...kernel.map(() => 1)]],
  ]);
}

export function startLora(site: Site, { settings, random, base }: StartContext): Parts {
  const shapes = loraShapes(site, settings);
  const [a, b] = [shapes.get("A")!, shapes.get("B")!]; // every site of LoRA has these two
  if (settings.init === "pissa") return startPissa(site, settings, base()?.weight ?? null);
  if (site.kind === "embedding")
    return new Map([
      ["A", zeros("float32", a)],
      ["B", drawn(b, () => random.normal())],
    ]);
  const fanIn = sizeOf(a.slice(1));
  const draw =
    settings.init === "gaussian"
      ? () => random.normal() / settings.rank
      : () => uniform(random, 1 / Math.sqrt(fanIn));
  return new Map([
    ["A", drawn(a, draw)],
    ["B", zeros("float32", b)],
  ]);
}

function startPissa(site: Site, settings: PeftSettings, weight: Float32Array | null): Parts {
  const { rank } = settings;
  const [rows, columns] = site.shape as [number, number]; // a site's weight has two axes or more
  if (site.kind !== "linear" || weight === null || rank > Math.min(rows, columns)) {
    throw new ConfigError(
      `peft.init pissa: "${site.module}" is ${weight === null ? "quantised" : `${site.kind} [${site.shape}]`}; ` +
        `it takes linear layers in floats with both sides at least ${rank} (peft.rank). Narrow peft.targets, or use --peft.init default`,
    );
  }
  const { u, s, v } = leadingSvd(weight, { rows, columns, rank });
  const root = (k: number) => Math.sqrt((s[k] ?? 0) / loraScale(settings));
  const a = new Float32Array(rank * columns);
  const b = new Float32Array(rows * rank);
  for (let k = 0; k < rank; k++) {
    for (let j = 0; j < columns; j++) a[k * columns + j] = root(k) * v[j * rank + k]!;
    for (let i = 0; i < rows; i++) b[i * rank + k] = root(k) * u[i * rank + k]!;
  }
  return new Map([
    ["A", tensor("float32", [rank, columns], a)],
    ["B", tensor("float32", [rows, rank], b)],
  ]);
}

export function uniform(random: Random, bound: number): number {
  return bound * (2 * random.next() - 1);
}

export function drawn(dims: Shape, draw: () => number): Tensor<"float32"> {
  return tensor("float32", dims, Float32Array.from({ length: sizeOf(dims) }, draw));
}

/** What the branch reads, in float32: rows of the input, with elements dropped; the indices, for an embedding. */
export function loraInput(place: Place, site: Site, use: SiteUse, context: WireContext): Value {
  const input = use.node.input(use.input);
  if (site.kind === "embedding") return input;
  const rows = use.isInputTransposed ? place.transpose(input) : input;
  return context.dropped(place, place.cast(rows, site.dtype, "float32"));
}

/** B A x for a site's input, less what A and B started from under PiSSA. */
export function loraProduct(place: Place, site: Site, x: Value, context: WireContext): Value {
  const { settings, values, start, surgery } = context;
  const now = branch(place, site, x, values);
  if (settings.init !== "pissa") return now;
  const first = new Map(
    [...start].map(([part, t]) => [part, surgery.store(`${site.module}.start_${part}`, t)]),
  );
  return place.op("Sub", [now, branch(place, site, x, first)]);
}

function branch(place: Place, site: Site, x: Value, values: ReadonlyMap<string, Value>): Value {
  const [a, b] = [values.get("A")!, values.get("B")!]; // every site of LoRA has these two
  if (site.kind === "conv") {
    const node = site.uses[0]!.node; // a site is found by a use
    const inner = place.op("Conv", [x, a], Object.fromEntries(node.attributes) as Record<string, Attribute>);
    return place.op("Conv", [inner, b]);
  }
  const inner =
    site.kind === "embedding"
      ? place.op("Gather", [place.transpose(a), x], { axis: 0 })
      : place.op("MatMul", [x, place.transpose(a)]);
  return place.op("MatMul", [inner, place.transpose(b)]);
}

/** ΔW = s (B A − B₀ A₀) in the weight's own layout, float64. B₀ A₀ is 0 unless PiSSA started from it. */
export function loraDelta(site: Site, settings: PeftSettings, parts: Parts, start: Parts): Float64Array {
  const scale = loraScale(settings);
  const now = factored(site, settings.rank, parts);
  if (settings.init !== "pissa") return now.map((v) => scale * v);
  const first = factored(site, settings.rank, start);
  return now.map((v, i) => scale * (v - first[i]!));
}

function factored({ kind, shape }: Site, rank: number, parts: Parts): Float64Array {
  const [a, b] = [parts.get("A")!.data, parts.get("B")!.data]; // every site of LoRA has these two
  const [out, ...rest] = shape as [number, ...number[]]; // a site's weight has two axes or more
  const inner = sizeOf(rest);
  if (kind !== "embedding") return product(b, a, { rows: out, rank, columns: inner });
  const wide = product(b, a, { rows: inner, rank, columns: out }); // [width, count]
  return Float64Array.from(
    { length: out * inner },
    (_, i) => wide[(i % inner) * out + Math.floor(i / inner)]!,
  );
}
