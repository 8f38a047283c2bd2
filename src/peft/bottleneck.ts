import type { Value } from "../onnx/value.ts";
import type { Shape } from "../tensor/shape.ts";
import { zeros } from "../tensor/tensor.ts";
import { resultOf } from "./layer-weights.ts";
import { drawn, uniform } from "./lora.ts";
import type { PeftMethod, PeftSettings, WireContext } from "./method.ts";
import type { Site } from "./site.ts";
import type { Place } from "./surgery.ts";

/** Standard deviation of both matrices where they start as BERT's weights did. */
const NORMAL_START = 0.02;

/**
 * A small network in series with a frozen layer: on what the layer reads, or on what it gives.
 *
 *     before: y = W0 a(x) + b     after: y = a(W0 x + b)     a(x) = x + U f(D x)
 *
 * Without biases. D is drawn as LoRA's A is and U is 0, so that training starts at the base model; init `normal` draws
 * both from N(0, 0.02), as LLM-Adapters does by default, and does not.
 *
 * Houlsby et al., ICML 2019; Hu et al., EMNLP 2023 (LLM-Adapters).
 */
export const seriesAdapter: PeftMethod = {
  ...bottleneck(false, ({ shape: [out = 1, inner = 1] }, { rank, placement }) =>
    shapesOf(placement === "before" ? [inner, inner] : [out, out], rank),
  ),
  name: "series-adapter",
  title: "series adapter",
  summary: "a small network in series with each frozen layer, before or behind it",
  paper: "https://arxiv.org/abs/1902.00751",
  wire: (site, use, context) => {
    const { surgery, settings } = context;
    if (settings.placement === "before") {
      const place = surgery.before(use.node, site.module);
      const x = use.node.input(use.input);
      const rows = use.isInputTransposed ? place.transpose(x) : x;
      const sum = place.op("Add", [rows, hidden(place, site, rows, context)]);
      surgery.redirect(use.node, use.input, use.isInputTransposed ? place.transpose(sum) : sum);
      return;
    }
    const y = resultOf(site, use);
    const place = surgery.after(y.producer ?? use.node, site.module);
    place.replace(y, place.op("Add", [y, hidden(place, site, y, context)]));
  },
};

/**
 * A small network beside a frozen layer: y = W0 x + b + U f(D x). Starts as a series adapter does.
 *
 * He et al., ICLR 2022; Hu et al., EMNLP 2023 (LLM-Adapters).
 */
export const parallelAdapter: PeftMethod = {
  ...bottleneck(true, ({ shape: [out = 1, inner = 1] }, { rank }) => shapesOf([out, inner], rank)),
  name: "parallel-adapter",
  title: "parallel adapter",
  summary: "a small network beside each frozen layer",
  paper: "https://arxiv.org/abs/2110.04366",
  wire: (site, use, context) => {
    const place = context.surgery.after(use.node, site.module);
    const y = use.node.output();
    const x = use.node.input(use.input);
    const rows = use.isInputTransposed ? place.transpose(x) : x;
    place.replace(y, place.op("Add", [y, hidden(place, site, rows, context)]));
  },
};

/** What both kinds have in common. */
function bottleneck(
  isParallel: boolean,
  shapes: PeftMethod["shapes"],
): Omit<PeftMethod, "name" | "title" | "summary" | "paper" | "wire"> {
  return {
    file: {
      peftType: "BOTTLENECK",
      keys: /\.adapter_(down|up)\.weight$/u,
      write: (settings, modules) => ({
        bottleneck_size: settings.rank,
        non_linearity: settings.activation,
        adapter_dropout: 0,
        scaling: 1,
        use_parallel_adapter: isParallel,
        use_adapterp: false,
        init_weights: settings.init === "normal" ? "bert" : "mam",
        placement: isParallel ? "parallel" : settings.placement,
        target_modules: modules,
      }),
      isMine: (config) => (config.use_parallel_adapter === true) === isParallel,
      read: (config) => ({
        rank: Number(config.bottleneck_size),
        activation:
          config.non_linearity === "relu" || config.non_linearity === "gelu" ? config.non_linearity : "tanh",
        placement: config.placement === "before" ? "before" : "after",
      }),
    },
    kinds: ["linear"],
    defaults: { rank: 64 },
    inits: ["default", "normal"],
    hasDropout: false,
    startsAsIdentity: ({ init }) => init === "default",
    parts: (_, { anchor }) =>
      new Map([
        ["down", { key: "adapter_down.weight", anchor, role: "weight" }],
        ["up", { key: "adapter_up.weight", anchor: "zero", role: "weight" }],
      ]),
    shapes,
    start: (site, { settings, random }) => {
      const dims = shapes(site, settings);
      const [down, up] = [dims.get("down")!, dims.get("up")!]; // shapesOf gives both
      const normal = () => NORMAL_START * random.normal();
      const bound = 1 / Math.sqrt(down[1] ?? 1);
      const isNormal = settings.init === "normal";
      return new Map([
        ["down", drawn(down, isNormal ? normal : () => uniform(random, bound))],
        ["up", isNormal ? drawn(up, normal) : zeros("float32", up)],
      ]);
    },
    merge: null,
  };
}

function shapesOf([to, from]: readonly [to: number, from: number], rank: number): Map<string, Shape> {
  return new Map([
    ["down", [rank, from]],
    ["up", [to, rank]],
  ]);
}

/** U f(D x) for rows x, in the layer's type. */
function hidden(place: Place, site: Site, x: Value, { values, settings }: WireContext): Value {
  const [down, up] = [values.get("down")!, values.get("up")!]; // every site has both
  const inner = place.op("MatMul", [place.cast(x, site.dtype, "float32"), place.transpose(down)]);
  const out = place.op("MatMul", [activate(place, inner, settings.activation), place.transpose(up)]);
  return place.cast(out, "float32", site.dtype);
}

function activate(place: Place, x: Value, activation: PeftSettings["activation"]): Value {
  if (activation !== "gelu") return place.op(activation === "tanh" ? "Tanh" : "Relu", [x]);
  // x Φ(x) = x (1 + erf(x / √2)) / 2; older operator sets have no Gelu.
  const erf = place.op("Erf", [place.scale(x, Math.SQRT1_2)]);
  const half = place.scale(x, 0.5);
  return place.op("Add", [half, place.op("Mul", [half, erf])]);
}
