import { findMethod } from "../config/methods.ts";
import type { Config } from "../config/schema.ts";
import { allProblems, ConfigError, ModelError } from "../errors.ts";
import { findHead, logitsOf } from "../heads/find-head.ts";
import { putNewHead } from "../heads/new-head.ts";
import { valueNamed } from "../onnx/edit.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import type { Evaluate } from "../passes/constant-region.ts";
import { lower } from "../passes/lower.ts";
import type { StoredTensor } from "../passes/parameters.ts";
import type { Shape } from "../tensor/shape.ts";
import { type Adapters, adapterTensors, attachAdapters, describeAdapters } from "./adapters.ts";
import { chooseTrainable } from "./choose-trainable.ts";

/** A model whose head fits the task, and the weights of it that are to be trained. */
export interface Network {
  readonly model: Model;
  /** Name of the output with the logits [B, C]; an output of the training model alone if the file gives probabilities. */
  readonly logits: string;
  readonly head: "kept" | "new";
  /** What the classifier reads. */
  readonly feature: Value;
  /** Weights of the classifier. */
  readonly headParameters: ReadonlySet<Value>;
  readonly trainable: readonly StoredTensor[];
  /** Adapters in the graph, which are trained in place of the weights; null for none. */
  readonly adapters: Adapters | null;
  readonly notes: readonly string[];
  /** Takes back what the training graph alone needs, before the model is exported. */
  readonly restoreOutputs: () => void;
}

export interface NetworkOptions {
  readonly config: Config;
  /** Class names in the order of the data. */
  readonly classes: readonly string[];
  /** Class names of the model's own classifier, in the order of its outputs; null where it says none. */
  readonly labels: readonly string[] | null;
  /** The model's input shapes for one batch. */
  readonly inputShapes: ReadonlyMap<string, Shape>;
  readonly evaluate: Evaluate;
}

/** Keeps or replaces the classifier, and chooses what is trained. @throws ConfigError, ModelError */
export async function prepareNetwork(model: Model, options: NetworkOptions): Promise<Network> {
  const { config } = options;
  const output = model.graph.outputs[0];
  if (!output) throw new ConfigError("the model has no output");
  const notes: string[] = [];
  const mode = config.head.mode === "auto" ? chooseMode(output, options, notes) : config.head.mode;
  return mode === "keep"
    ? keepHead(model, output, options, notes)
    : replaceHead(model, output, options, notes);
}

function chooseMode(output: Value, options: NetworkOptions, notes: string[]): "keep" | "new" {
  const { config, classes, labels } = options;
  const width = output.declared?.dims?.at(-1);
  const rank = output.declared?.dims?.length;
  const hasTheirNames = labels === null || classes.every((name, i) => name === labels[i]);
  if (config.head.from === undefined && rank === 2 && width === classes.length && hasTheirNames) {
    notes.push(
      `The classifier is kept: output "${output.name}" has ${classes.length} classes, as many as the data, taken in this order: ` +
        `${listed(classes)}. Use --head.mode new for a fresh one.`,
    );
    return "keep";
  }
  notes.push(
    `A new head is trained: output "${output.name}" is [${output.declared?.dims?.join(", ") ?? "?"}]` +
      (hasTheirNames
        ? `, the data has ${classes.length} classes.`
        : ` for ${listed(labels)}, the data's classes are ${listed(classes)}. Rename the data's where these are the same.`),
  );
  return "new";
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}`;
}

function keepHead(model: Model, output: Value, options: NetworkOptions, notes: string[]): Network {
  const { classes, config } = options;
  const width = output.declared?.dims?.at(-1);
  if (typeof width === "number" && width !== classes.length) {
    throw new ConfigError(
      `head.mode keep: output "${output.name}" has ${width} classes, the data ${classes.length}; use --head.mode new`,
    );
  }
  const { logits } = logitsOf(output);
  const before = [...model.graph.outputs];
  if (!before.includes(logits)) model.graph.outputs.push(logits);
  const site = findHead(output);
  const headParameters = new Set(site.weights);
  return {
    model,
    logits: logits.name,
    head: "kept",
    feature: site.feature,
    headParameters,
    ...chooseTrained(model, { config, headParameters, head: "kept", output: logits, notes }),
    notes,
    restoreOutputs: () => {
      model.graph.outputs = before;
    },
  };
}

async function replaceHead(
  model: Model,
  output: Value,
  options: NetworkOptions,
  notes: string[],
): Promise<Network> {
  const { config, classes, inputShapes, evaluate } = options;
  const feature =
    config.head.from === undefined ? featureOf(output) : valueNamed(model.graph, config.head.from);
  const types = await lower(model, { inputShapes, parameters: [], evaluate, keepHalves: true });
  const refused = types.refused.get(feature);
  if (refused) throw allProblems(refused);
  const type = types.valueOf.get(feature)?.type;
  if (!type) throw new ConfigError(`head.from: the type of "${feature.name}" is not known`);
  const head = putNewHead(model, {
    feature,
    type,
    classes: classes.length,
    ...headSettings(config),
    ...maskOf(model, type.dims, inputShapes),
  });
  notes.push(`The new head reads "${feature.name}" [${type.dims.join(", ")}], pooled: ${head.pooled}.`);
  const headParameters = new Set(head.parameters);
  return {
    model,
    logits: head.logits.name,
    head: "new",
    feature,
    headParameters,
    ...chooseTrained(model, { config, headParameters, head: "new", output: head.logits, notes }),
    notes,
    restoreOutputs: () => undefined,
  };
}

/** How a new head is made. */
function headSettings({ head: { pooling, hidden, activation }, seed }: Config) {
  return { pooling, seed, ...(hidden === undefined ? {} : { hidden: { units: hidden, activation } }) };
}

/** The weights to train: the method's, or adapters with a new head and whatever else is asked for by name. */
function chooseTrained(
  model: Model,
  how: {
    readonly config: Config;
    readonly headParameters: ReadonlySet<Value>;
    readonly head: Network["head"];
    readonly output: Value;
    readonly notes: string[];
  },
): Pick<Network, "trainable" | "adapters"> {
  const { config, headParameters, head, output, notes } = how;
  const named = (wanted: string) => chooseTrainable(model, wanted, { head: headParameters, output });
  const adapters = attachAdapters(model, config, headParameters);
  if (adapters === null) {
    return { adapters, trainable: named(config.trainable ?? findMethod(config.method)?.trainable ?? "all") };
  }
  if (config.trainable === "all") {
    throw new ConfigError(
      "trainable all and peft.method contradict each other: adapters stand in for weights that stay as they are; leave one of them out",
    );
  }
  const parts = new Set(adapters.attached.parameters.map((p) => p.value));
  const beside = config.trainable ?? (head === "new" ? "head" : null);
  const others = beside === null ? [] : named(beside).filter((t) => !parts.has(t.value));
  notes.push(...describeAdapters(adapters));
  return { adapters, trainable: [...adapterTensors(adapters), ...others] };
}

/** What a new head reads: what the old one read, or the output itself of a model that gives a sequence of features. */
function featureOf(output: Value): Value {
  try {
    return findHead(output).feature;
  } catch (error) {
    if (error instanceof ModelError && output.declared?.dims?.length === 3) return output;
    throw error;
  }
}

/** The input that says which positions of a sequence count: an attention mask of the feature's batch and length. */
function maskOf(
  model: Model,
  [batch, length, ...rest]: Shape,
  inputShapes: ReadonlyMap<string, Shape>,
): { mask?: Value } {
  const fits = (v: Value) => {
    const shape = inputShapes.get(v.name);
    return shape?.length === 2 && shape[0] === batch && shape[1] === length && /mask/iu.test(v.name);
  };
  const mask = rest.length === 1 ? model.graph.inputs.find(fits) : undefined;
  return mask ? { mask } : {};
}
