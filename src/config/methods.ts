/** What a method name stands for: which weights are trained, by which update rule, held by which anchor rule. */
export interface Method {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  readonly rule: "sgd" | "adam" | "amsgrad";
  readonly anchor: "none" | "weight-decay" | "l2-sp-decoupled" | "l2-sp-coupled" | "spd";
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
export const peftNames = ["lora", "dora", "ia3", "series-adapter", "parallel-adapter"] as const;
export type PeftName = (typeof peftNames)[number];

/** Every method that `--method` knows. Each setting can be overridden by its own key. */
export const methods: readonly Method[] = [
  {
    name: "spd",
    summary:
      "Adam + Selective Projection Decay: holds a layer to its pretrained value where a step moved it outward against the gradient",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
  },
  {
    name: "adamw",
    summary: "Adam with decoupled weight decay toward zero",
    rule: "adam",
    anchor: "weight-decay",
    trainable: "all",
  },
  { name: "adam", summary: "Adam alone", rule: "adam", anchor: "none", trainable: "all" },
  {
    name: "l2-sp",
    summary: "Adam with a decoupled pull toward the pretrained weights",
    rule: "adam",
    anchor: "l2-sp-decoupled",
    trainable: "all",
  },
  { name: "sgd", summary: "SGD with momentum", rule: "sgd", anchor: "none", trainable: "all" },
  {
    name: "sgd-spd",
    summary: "SGD with momentum + Selective Projection Decay",
    rule: "sgd",
    anchor: "spd",
    trainable: "all",
  },
  {
    name: "linear-probe",
    summary: "Adam on the new head alone; the body stays as it is",
    rule: "adam",
    anchor: "none",
    trainable: "head",
  },
  {
    name: "lp-ft",
    summary: "AdamW in two stages: the head alone, then everything from there on",
    rule: "adam",
    anchor: "weight-decay",
    trainable: "all",
    probe: 0.3,
  },
  {
    name: "lp-ft-spd",
    summary: "the head alone, then Adam + SPD on everything; the head is anchored where the probe left it",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    probe: 0.3,
  },
  {
    name: "distill",
    summary: "Adam, held to what the pretrained model computes rather than to its weights",
    rule: "adam",
    anchor: "none",
    trainable: "all",
    distillation: 1,
  },
  {
    name: "saft",
    summary:
      "Adam on the 0.1 % of elements that have the largest gradients at the pretrained weights, and on the head",
    rule: "adam",
    anchor: "none",
    trainable: "all",
    maskShare: 0.001,
  },
  {
    name: "llrd",
    summary: "AdamW whose learning rate falls from the last block of the network to the first",
    rule: "adam",
    anchor: "weight-decay",
    trainable: "all",
    layerDecay: 0.866,
  },
  {
    name: "bitfit",
    summary: "Adam on biases and the head alone",
    rule: "adam",
    anchor: "none",
    trainable: "bias",
  },
  {
    name: "lora",
    summary: "LoRA: thin matrices beside frozen weights, held to zero by Selective Projection Decay",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    peft: "lora",
  },
  {
    name: "dora",
    summary:
      "DoRA: LoRA for the direction of weights, a vector for their lengths; with Selective Projection Decay",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    peft: "dora",
  },
  {
    name: "ia3",
    summary: "(IA)³: a gain for each output of frozen layers, held to 1 by Selective Projection Decay",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    peft: "ia3",
  },
  {
    name: "series-adapter",
    summary: "small networks in series with frozen layers, held to zero by Selective Projection Decay",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    peft: "series-adapter",
  },
  {
    name: "parallel-adapter",
    summary: "small networks beside frozen layers, held to zero by Selective Projection Decay",
    rule: "adam",
    anchor: "spd",
    trainable: "all",
    peft: "parallel-adapter",
  },
];

/** The method of a name, or undefined. */
export function findMethod(name: string): Method | undefined {
  return methods.find((m) => m.name === name);
}
