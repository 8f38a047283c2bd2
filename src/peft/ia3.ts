import type { Shape } from "../tensor/shape.ts";
import { sizeOf } from "../tensor/shape.ts";
import { tensor } from "../tensor/tensor.ts";
import { resultOf, sharedBias } from "./layer-weights.ts";
import type { PeftMethod, PeftSettings } from "./method.ts";
import type { Site } from "./site.ts";

/**
 * (IA)³: one trained gain per output of a layer, or per input in the second layer of a feed-forward block.
 *
 *     y = l ⊙ (W0 x + b),   or   y = W0 (l ⊙ x) + b;   l₀ = 1
 *
 * Liu et al., NeurIPS 2022.
 */
export const ia3: PeftMethod = {
  name: "ia3",
  title: "(IA)³",
  summary: "one trained gain for each output of a layer, or for each input",
  paper: "https://arxiv.org/abs/2205.05638",
  file: {
    peftType: "IA3",
    keys: /\.ia3_l$/u,
    write: (settings, modules) => ({
      target_modules: modules,
      feedforward_modules: modules.filter(settings.isFeedforward),
      fan_in_fan_out: false,
      init_ia3_weights: true,
    }),
    isMine: () => true,
    read: (config, module) => {
      const isFed = isNamedBy(config.feedforward_modules, module);
      return { isFeedforward: () => isFed };
    },
  },
  kinds: ["linear", "conv"],
  defaults: {},
  inits: ["default"],
  hasDropout: false,
  startsAsIdentity: () => true,
  parts: () => new Map([["l", { key: "ia3_l", anchor: "init", role: "norm" }]]),
  shapes: (site, settings) => new Map([["l", gainShape(site, settings)]]),
  start: (site, { settings }) => {
    const dims = gainShape(site, settings);
    return new Map([["l", tensor("float32", dims, new Float32Array(sizeOf(dims)).fill(1))]]);
  },
  wire: (site, use, { surgery, settings, values }) => {
    const l = values.get("l")!; // every site has it
    if (settings.isFeedforward(site.module)) {
      const place = surgery.before(use.node, site.module);
      const gain = place.cast(use.isInputTransposed ? place.transpose(l) : l, "float32", site.dtype);
      const scaled = place.op("Mul", [use.node.input(use.input), gain]);
      surgery.redirect(use.node, use.input, scaled);
      return;
    }
    const y = resultOf(site, use);
    const place = surgery.after(y.producer ?? use.node, site.module);
    const gain = place.cast(site.kind === "linear" ? place.transpose(l) : l, "float32", site.dtype);
    place.replace(y, place.op("Mul", [y, gain]));
  },
  mergeProblem: (site, settings) => {
    const shared = settings.isFeedforward(site.module) ? null : sharedBias(site);
    return shared && `the bias of "${site.module}" ("${shared}") is that of other layers too`;
  },
  merge: (site, { weight, bias }, { settings, parts, share }) => {
    const gains = parts.get("l")!.data.map((l) => 1 + share * (l - 1)); // every site has it
    const [, inner = 1, ...kernel] = site.shape;
    const cell = sizeOf(kernel);
    if (settings.isFeedforward(site.module))
      return { weight: weight.map((w, i) => w * gains[Math.floor(i / cell) % inner]!), bias };
    return {
      weight: weight.map((w, i) => w * gains[Math.floor(i / (inner * cell))]!),
      bias: bias?.map((v, i) => v * gains[i]!) ?? null,
    };
  },
};

/** As PEFT has it. */
function gainShape(site: Site, settings: PeftSettings): Shape {
  const [out = 1, inner = 1, ...kernel] = site.shape;
  const isFed = settings.isFeedforward(site.module);
  if (site.kind === "conv") return [1, isFed ? inner : out, ...kernel.map(() => 1)];
  return isFed ? [1, inner] : [out, 1];
}

/** PEFT's way of naming modules: a list of ends of their paths, or one regular expression for the whole path. */
function isNamedBy(names: unknown, module: string): boolean {
  if (typeof names === "string") return new RegExp(`^(?:${names})$`, "u").test(module);
  return Array.isArray(names) && names.some((n) => module === n || module.endsWith(`.${n}`));
}
