import { ConfigError, unknownName } from "../errors.ts";
import type { AnchorOptionValues } from "../optim/anchor-options.ts";
import type { DepthSchedule } from "../optim/depth-schedule.ts";
import type { Source } from "../optim/source.ts";
import { paper } from "./papers.ts";

/** What a method name stands for: which weights are trained, by which update rule, held by which anchor rule. */
export interface Method {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** Where the method was first described. */
  readonly source: Source;
  /** Names of the update rule and of the anchor rule. */
  readonly rule: string;
  readonly anchor: string;
  /** Options of the anchor rule that differ from its defaults. */
  readonly anchorOptions?: AnchorOptionValues;
  /** How the strength falls from the first block of the network to the last. */
  readonly strengthByDepth?: DepthSchedule;
  /** λ, where the method has one of its own; else the anchor rule's default. */
  readonly strength?: number;
  /** As the setting of the same name: all, head, bias, … */
  readonly trainable: string;
  /** Share of the steps in which the head is trained alone, before all is. */
  readonly probe?: number;
  /** Factor on a term that holds the model's function to the pretrained model's. */
  readonly distillation?: number;
  /** Share of the pretrained elements that is trained. */
  readonly maskShare?: number;
  /** Layer-wise decay of the learning rate, per block of the network. */
  readonly layerDecay?: number;
  /** Trains adapters beside frozen weights, and a new head; `trainable` then says nothing. */
  readonly peft?: PeftName;
}

/** Ways of training few new parameters beside frozen weights. */
export const peftNames = ["lora", "dora", "ia3", "series-adapter", "parallel-adapter", "prompt"] as const;
export type PeftName = (typeof peftNames)[number];

/** Every method that `--method` knows. Each setting can be overridden by its own key. */
export const methods: readonly Method[] = [
  {
    name: "spd",
    source: paper.spd,
    summary:
      "Adam + Selective Projection Decay: holds a layer to its pretrained value where a step moved it outward against the gradient",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
  },
  {
    name: "adamw",
    source: paper.adamw,
    summary: "Adam with decoupled weight decay toward zero",
    rule: "adam",
    anchor: "weight-decay",
    trainable: "all",
  },
  { name: "adam", source: paper.adam, summary: "Adam alone", rule: "adam", anchor: "none", trainable: "all" },
  {
    name: "l2-sp",
    source: paper.l2Sp,
    summary: "Adam with a decoupled pull toward the pretrained weights",
    rule: "adam",
    anchor: "l2-sp-decoupled",
    trainable: "all",
  },
  {
    name: "sgd",
    source: paper.sgd,
    summary: "SGD with momentum",
    rule: "sgd",
    anchor: "none",
    trainable: "all",
  },
  {
    name: "sgd-spd",
    source: paper.spd,
    summary: "SGD with momentum + Selective Projection Decay",
    rule: "sgd",
    anchor: "spd",
    trainable: "all",
  },
  {
    name: "linear-probe",
    source: paper.probing,
    summary: "Adam on the new head alone; the body stays as it is",
    rule: "adam",
    anchor: "none",
    trainable: "head",
  },
  {
    name: "lp-ft",
    source: paper.probing,
    summary: "AdamW in two stages: the head alone, then everything from there on",
    rule: "adam",
    anchor: "weight-decay",
    trainable: "all",
    probe: 0.3,
  },
  {
    name: "lp-ft-spd",
    source: paper.probing,
    summary: "the head alone, then Adam + SPD on everything; the head is anchored where the probe left it",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    probe: 0.3,
  },
  {
    name: "distill",
    source: paper.distillation,
    summary: "Adam, held to what the pretrained model computes rather than to its weights",
    rule: "adam",
    anchor: "none",
    trainable: "all",
    distillation: 1,
  },
  {
    name: "saft",
    source: paper.saft,
    summary:
      "Adam on the 0.1 % of elements that have the largest gradients at the pretrained weights, and on the head",
    rule: "adam",
    anchor: "none",
    trainable: "all",
    maskShare: 0.001,
  },
  {
    name: "llrd",
    source: paper.llrd,
    summary: "AdamW whose learning rate falls from the last block of the network to the first",
    rule: "adam",
    anchor: "weight-decay",
    trainable: "all",
    layerDecay: 0.866,
  },
  {
    name: "bitfit",
    source: paper.bitFit,
    summary: "Adam on biases and the head alone",
    rule: "adam",
    anchor: "none",
    trainable: "bias",
  },
  {
    name: "lora",
    source: paper.lora,
    summary: "LoRA: thin matrices beside frozen weights, held to zero by Selective Projection Decay",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    peft: "lora",
  },
  {
    name: "dora",
    source: paper.dora,
    summary:
      "DoRA: LoRA for the direction of weights, a vector for their lengths; with Selective Projection Decay",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    peft: "dora",
  },
  {
    name: "ia3",
    source: paper.ia3,
    summary: "(IA)³: a gain for each output of frozen layers, held to 1 by Selective Projection Decay",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    peft: "ia3",
  },
  {
    name: "series-adapter",
    source: paper.series,
    summary: "small networks in series with frozen layers, held to zero by Selective Projection Decay",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    peft: "series-adapter",
  },
  {
    name: "parallel-adapter",
    source: paper.parallel,
    summary: "small networks beside frozen layers, held to zero by Selective Projection Decay",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    peft: "parallel-adapter",
  },
  {
    name: "prompt",
    source: paper.prompt,
    summary: "vectors among the embeddings of a text, with Selective Projection Decay",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    peft: "prompt",
  },
  {
    name: "spd-depth",
    source: paper.maps,
    summary: "MAPS: Adam + SPD whose strength falls from the first block of the network to the last",
    rule: "adam",
    anchor: "spd",
    strengthByDepth: "linear",
    trainable: "all",
  },
  {
    name: "spd-rows",
    source: paper.maps,
    summary: "Adam + SPD with a ratio for each output unit",
    rule: "adam",
    anchor: "spd-rows",
    trainable: "all",
  },
  {
    name: "spd-always",
    source: paper.spd,
    summary: "Adam + SPD without its condition, for ablations",
    rule: "adam",
    anchor: "spd-always",
    trainable: "all",
  },
  {
    name: "spd-full",
    source: paper.spd,
    summary: "Adam + SPD without its ratio, for ablations",
    rule: "adam",
    anchor: "spd-full",
    trainable: "all",
  },
  {
    name: "mars-sp",
    source: paper.marsSp,
    summary: "Adam with a hard limit on how far the weights of each output unit may go",
    rule: "adam",
    anchor: "mars-sp",
    trainable: "all",
  },
  {
    name: "tpgm",
    source: paper.tpgm,
    summary: "Adam, each step projected into radii that are learned on the validation set",
    rule: "adam",
    anchor: "tpgm",
    trainable: "all",
  },
  {
    name: "tpgm-posthoc",
    source: paper.tpgm,
    summary: "Adam, and after the last step a projection into radii that are learned on the validation set",
    rule: "adam",
    anchor: "tpgm",
    anchorOptions: { every: 0, iterations: 200, norm: "tensor" },
    trainable: "all",
  },
  {
    name: "ftp",
    source: paper.ftp,
    summary: "Adam, each step projected into radii that are learned from the training gradients",
    rule: "adam",
    anchor: "ftp",
    trainable: "all",
  },
  {
    name: "digrap",
    source: paper.digrap,
    summary:
      "Adam on gradients from which a learned share of what leads away from the pretrained weights is taken",
    rule: "adam",
    anchor: "digrap",
    trainable: "all",
  },
  {
    name: "cautious",
    source: paper.cautious,
    summary: "Adam with weight decay of those elements alone whose step leads toward zero anyway",
    rule: "adam",
    anchor: "cautious",
    trainable: "all",
  },
];

/** The method of a name, or undefined. */
export function findMethod(name: string): Method | undefined {
  return methods.find((m) => m.name === name);
}

/** The error for a name that no method has. */
export function unknownMethod(name: string): ConfigError {
  const known = methods.map((m) => m.name);
  return new ConfigError(unknownName("method", name, known), { details: { name, known } });
}
