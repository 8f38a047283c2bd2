import type { Value } from "../onnx/value.ts";
import type { Random } from "../tensor/random.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Site, SiteKind, SiteUse } from "./site.ts";
import type { Place, Surgery } from "./surgery.ts";

/** The settings of an adapter, whatever its method; each method reads those that concern it. */
export interface PeftSettings {
  /** Width of the bottleneck: r of LoRA, hidden units of an adapter, vectors of a prompt. */
  readonly rank: number;
  /** LoRA: the update is scaled by alpha / rank. */
  readonly alpha: number;
  /** Share of the input's elements that LoRA's branch does not see in a training step. */
  readonly dropout: number;
  /** LoRA: scaled by alpha / √rank instead. */
  readonly rsLora: boolean;
  /** Where the trained tensors start. */
  readonly init: "default" | "gaussian" | "pissa" | "normal";
  /** Where anchor rules hold LoRA's A and an adapter's `down`, whose first values are random. */
  readonly anchor: "zero" | "init";
  /** Adapters: what stands between the two matrices. */
  readonly activation: "tanh" | "relu" | "gelu";
  /** Series adapters: before the layer or behind it. Prompts: before the first token or behind it. */
  readonly placement: "before" | "after";
  /** (IA)³: whether a module's input is scaled, as in the second layer of a feed-forward block, and not its output. */
  readonly isFeedforward: (module: string) => boolean;
}

/** A trained tensor of an adapter. */
export interface PartInfo {
  /** Key behind the module's path in PEFT's files, such as `lora_A.weight`. */
  readonly key: string;
  /** Where θ0 of an anchor rule lies: at zero, or at the first value. */
  readonly anchor: "zero" | "init";
  /** `norm` for gains, which no weight decay shrinks. */
  readonly role: "weight" | "norm" | "embedding";
}

/** The tensors of one site's adapter, by part: `A`, `B`, … float32. */
export type Parts = ReadonlyMap<string, Tensor<"float32">>;

/** What wiring an adapter into a graph may use. */
export interface WireContext {
  readonly surgery: Surgery;
  readonly settings: PeftSettings;
  /** The trained tensors, stored in the graph. */
  readonly values: ReadonlyMap<string, Value>;
  /** What the adapter started from; equal to the values before training. */
  readonly start: Parts;
  /** Marks a value whose elements are dropped at random while training. Nothing if dropout is 0. */
  readonly dropped: (place: Place, value: Value) => Value;
  /** Marks a value that no gradient flows through. */
  readonly detached: (value: Value) => void;
}

/** A layer's weight and bias in the shapes that PyTorch has, float32. */
export interface LayerWeights {
  /** Row-major [out, …]; [count, width] for an embedding. */
  readonly weight: Float32Array;
  /** [out]; null if the layer has none, or adds none that is stored. */
  readonly bias: Float32Array | null;
}

/** How adapter_config.json, as Python PEFT writes it, speaks of a method. */
export interface AdapterFormat {
  readonly peftType: string;
  /** Where a module's path ends and one of the method's keys begins. */
  readonly keys: RegExp;
  /** Keys beside those that every adapter has, for the modules of the adapter. */
  readonly write: (settings: PeftSettings, modules: readonly string[]) => Readonly<Record<string, unknown>>;
  /** Whether a config of the same `peft_type` is of this method. */
  readonly isMine: (config: Readonly<Record<string, unknown>>) => boolean;
  /** Settings from a config, for one module. @throws ConfigError for what Holdfast does not know */
  readonly read: (config: Readonly<Record<string, unknown>>, module: string) => Partial<PeftSettings>;
  /** Tensors as files have them, where they are not the parts themselves: ΔW of PiSSA is a LoRA of twice the rank. */
  readonly export?: (
    settings: PeftSettings,
    now: Parts,
    start: Parts,
  ) => { readonly settings: PeftSettings; readonly parts: Parts } | null;
}

/** A way of training few new parameters beside frozen weights. One file defines one. */
export interface PeftMethod {
  readonly name: string;
  readonly title: string;
  /** One line for people. */
  readonly summary: string;
  /** Where it comes from. */
  readonly paper: string;
  readonly file: AdapterFormat;
  readonly kinds: readonly SiteKind[];
  /** The weight is read and never changed, so that it may serve the model in other ways too. */
  readonly keepsWeight?: true;
  /** The sites where nothing else is said; linear layers if left out. */
  readonly defaultSites?: (sites: readonly Site[]) => readonly Site[];
  /** Settings where nothing else is said. */
  readonly defaults: { readonly rank?: number };
  readonly inits: readonly PeftSettings["init"][];
  /** Whether its branch can drop elements of its input. */
  readonly hasDropout: boolean;
  /** Whether a model with a fresh adapter computes what the model without it does. */
  readonly startsAsIdentity: (settings: PeftSettings) => boolean;
  /** What is trained at a site. */
  readonly parts: (site: Site, settings: PeftSettings) => ReadonlyMap<string, PartInfo>;
  /** Shapes of a site's parts. */
  readonly shapes: (site: Site, settings: PeftSettings) => ReadonlyMap<string, Shape>;
  /** First values of a site's parts. @throws ConfigError if the settings do not fit the site */
  readonly start: (site: Site, context: StartContext) => Parts;
  /** Puts the adapter into the graph at one use of a site. */
  readonly wire: (site: Site, use: SiteUse, context: WireContext) => void;
  /** Why a site's adapter cannot become part of its weights, where that depends on the site; null if it can. */
  readonly mergeProblem?: (site: Site, settings: PeftSettings) => string | null;
  /**
   * The weights of a plain layer that computes the same; null if the adapter is not linear, so that there is none.
   * `share` scales the change: 0 is the base model, 1 the trained one.
   */
  readonly merge: ((site: Site, base: LayerWeights, context: MergeContext) => LayerWeights) | null;
}

export interface StartContext {
  readonly settings: PeftSettings;
  readonly random: Random;
  /** The base weight, float32 in PyTorch's shape; null where it is quantised. */
  readonly base: () => LayerWeights | null;
}

export interface MergeContext {
  readonly settings: PeftSettings;
  readonly parts: Parts;
  readonly start: Parts;
  readonly share: number;
}

/** Settings where nothing is said: what an adapter file leaves out. */
export const plainSettings: PeftSettings = {
  rank: 1,
  alpha: 1,
  dropout: 0,
  rsLora: false,
  init: "default",
  anchor: "zero",
  activation: "tanh",
  placement: "after",
  isFeedforward: () => false,
};
