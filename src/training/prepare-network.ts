import { findMethod } from "../config/methods.ts";
import type { Config } from "../config/schema.ts";
import { allProblems, ConfigError, ModelError } from "../errors.ts";
import { findHead, type HeadSite, logitsOf } from "../heads/find-head.ts";
import { type DimsOf, finerMap, mapBehind } from "../heads/find-map.ts";
import { type HeadForm, headForms, type NewHead, type OutputScale, putNewHead } from "../heads/new-head.ts";
import { putZeroShotHead } from "../heads/zero-shot-head.ts";
import { removeNode, valueNamed } from "../onnx/edit.ts";
import type { Model } from "../onnx/model.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import type { Evaluate } from "../passes/constant-region.ts";
import { type Lowered, lower } from "../passes/lower.ts";
import type { StoredTensor } from "../passes/parameters.ts";
import type { Task } from "../tasks/task.ts";
import type { Shape } from "../tensor/shape.ts";
import { type Adapters, adapterTensors, attachAdapters, describeAdapters } from "./adapters.ts";
import { chooseTrainable } from "./choose-trainable.ts";
import type { RunData } from "./prepare-data.ts";
import type { ZeroShotClassifier } from "./zero-shot.ts";

/** A model whose head fits the task, and the weights of it that are to be trained. */
export interface Network {
  readonly model: Model;
  /** The output that answers the task, as the exported model has it. */
  readonly output: Value;
  /** Name of the output with the logits [B, …]; an output of the training model alone if the file gives probabilities. */
  readonly logits: string;
  /** Name of the output that the loss reads: the logits, or what the task makes of them for it. */
  readonly judged: string;
  readonly head: "kept" | "new" | "zero-shot";
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
  readonly task: Task;
  /** Its batches say what the model is fed and what its answers are compared with. */
  readonly data: Pick<RunData, "classes" | "width" | "inputShapes" | "targetDims">;
  /** Class names of the model's own classifier, in the order of its outputs; null where it says none. */
  readonly labels: readonly string[] | null;
  readonly evaluate: Evaluate;
  /** The classifier that the class names make, for `head.mode: zero-shot`. */
  readonly zeroShot?: ZeroShotClassifier | null;
  /** What the numbers are like that a new head shall give; null where it gives none. */
  readonly scale?: OutputScale | null;
}

/** Keeps or replaces the classifier, and chooses what is trained. @throws ConfigError, ModelError */
export async function prepareNetwork(model: Model, options: NetworkOptions): Promise<Network> {
  const { config, task } = options;
  const output = answerOf(model, config.head.output);
  const notes: string[] = [];
  const { head: form } = task;
  if (options.zeroShot) return putZeroShot(model, output, options.zeroShot, options);
  if (form === null && (config.head.mode === "new" || config.head.from !== undefined)) {
    throw new ConfigError(`head.mode new: ${task.name} keeps the model's own output; leave head.mode out`);
  }
  const mode =
    form === null
      ? "keep"
      : config.head.mode === "auto"
        ? chooseMode(output, form, options, notes)
        : config.head.mode;
  const network =
    form === null || mode === "keep"
      ? keepHead(model, output, options, notes)
      : await replaceHead(model, output, form, options, notes);
  return withJudged(network, options);
}

/** The output that answers the task: the one that is named, or the first. */
function answerOf(model: Model, named: string | undefined): Value {
  const { outputs } = model.graph;
  const found = named === undefined ? outputs[0] : outputs.find((v) => v.name === named);
  if (found) return found;
  throw new ConfigError(
    named === undefined
      ? "the model has no output"
      : `head.output ${named}: the model has no such output; its outputs are ${outputs.map((v) => v.name).join(", ")}`,
  );
}

/** A network whose training model has the nodes, too, that the task puts between the logits and its loss. */
function withJudged(network: Network, { task, data }: NetworkOptions): Network {
  if (!task.judged) return network;
  const { model } = network;
  const { graph } = model;
  const before = { outputs: [...graph.outputs], initializers: [...graph.initializers] };
  const own = new Set(graph.nodes);
  const output = graph.outputs.find((v) => v.name === network.logits) ?? network.output;
  const judged = task.judged({ model, output, targets: data.targetDims });
  if (!graph.outputs.includes(judged)) graph.outputs.push(judged);
  return {
    ...network,
    judged: judged.name,
    restoreOutputs: () => {
      graph.outputs = before.outputs;
      for (const node of graph.nodes.filter((n) => !own.has(n)).reverse()) removeNode(graph, node);
      graph.initializers = before.initializers;
      network.restoreOutputs();
    },
  };
}

function chooseMode(
  output: Value,
  form: HeadForm,
  { config, task, data: { classes, width: wanted }, labels }: NetworkOptions,
  notes: string[],
): "keep" | "new" {
  const dims = output.declared?.dims;
  const { rank, axis } = headForms[form];
  const what = task.hasClasses ? "classes" : "answers";
  const hasTheirNames = labels === null || classes.every((name, i) => name === labels[i]);
  const fits = dims?.length === rank && dims[axis] === wanted;
  if (config.head.from === undefined && fits && hasTheirNames) {
    notes.push(
      `The head is kept: output "${output.name}" has ${wanted} ${what}, as many as the data` +
        `${task.hasClasses ? `, taken in this order: ${listed(classes)}` : ""}. Use --head.mode new for a fresh one.`,
    );
    return "keep";
  }
  notes.push(
    `A new head is trained: output "${output.name}" is [${dims?.join(", ") ?? "?"}]` +
      (hasTheirNames
        ? `, the data has ${wanted} ${what}.`
        : ` for ${listed(labels)}, the data's classes are ${listed(classes)}. Rename the data's where these are the same.`),
  );
  return "new";
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}`;
}

function keepHead(model: Model, output: Value, options: NetworkOptions, notes: string[]): Network {
  const { task, data, config } = options;
  const wanted = data.width;
  const width = task.head === null ? undefined : output.declared?.dims?.[headForms[task.head].axis];
  if (typeof width === "number" && width !== wanted) {
    throw new ConfigError(
      `head.mode keep: output "${output.name}" has ${width} ${task.hasClasses ? "classes" : "answers"}, the data ${wanted}; use --head.mode new`,
    );
  }
  const { logits } = logitsOf(output);
  const before = [...model.graph.outputs];
  if (!before.includes(logits)) model.graph.outputs.push(logits);
  const site = headOf(output, task);
  const headParameters = new Set(site.weights);
  return {
    model,
    output,
    logits: logits.name,
    judged: logits.name,
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

/** The classifier behind an output; where the task has no head of its own, an output without one is all right. */
function headOf(output: Value, task: Task): Pick<HeadSite, "feature" | "weights"> {
  try {
    return findHead(output);
  } catch (error) {
    if (task.head === null && error instanceof ModelError) return { feature: output, weights: [] };
    throw error;
  }
}

async function replaceHead(
  model: Model,
  output: Value,
  form: HeadForm,
  options: NetworkOptions,
  notes: string[],
): Promise<Network> {
  const { config, data } = options;
  const { inputShapes } = data;
  const types = await typesOf(model, options);
  const dimsOf: DimsOf = (value) => types.valueOf.get(value)?.type.dims ?? null;
  const feature =
    config.head.from === undefined
      ? featureOf(output, form, dimsOf)
      : valueNamed(model.graph, config.head.from);
  const type = typeOf(feature, types);
  const head = putNewHead(model, {
    form,
    feature,
    type,
    classes: data.width,
    ...headSettings(config),
    ...(options.scale ? { scale: options.scale } : {}),
    ...(form === "map" ? { area: data.targetDims, layers: mapLayersOf(model, config, feature, dimsOf) } : {}),
    ...maskOf(model, type.dims, inputShapes),
  });
  notes.push(`The new head reads "${feature.name}" [${type.dims.join(", ")}], pooled: ${head.pooled}.`);
  return withHead(model, { made: head, kind: "new", feature, notes, config });
}

/** The image's embedding gets a classifier made of texts. */
async function putZeroShot(
  model: Model,
  output: Value,
  { weight, notes }: ZeroShotClassifier,
  options: NetworkOptions,
): Promise<Network> {
  const { config, task } = options;
  if (task.name !== "classification")
    throw new ConfigError(
      `head.mode zero-shot: class names make a classifier; task ${task.name} needs another head`,
    );
  const type = typeOf(output, await typesOf(model, options));
  const made = putZeroShotHead(model, { feature: output, type, weight });
  return withHead(model, { made, kind: "zero-shot", feature: output, notes: [...notes], config });
}

/** The types of all values for a run's shapes. */
function typesOf(model: Model, { data: { inputShapes }, evaluate }: NetworkOptions): Promise<Lowered> {
  return lower(model, { inputShapes, parameters: [], evaluate, keepHalves: true });
}

function typeOf(feature: Value, types: Lowered): TensorType {
  const refused = types.refused.get(feature);
  if (refused) throw allProblems(refused);
  const type = types.valueOf.get(feature)?.type;
  if (!type) throw new ConfigError(`head.from: the type of "${feature.name}" is not known`);
  return type;
}

/** The network whose head was just made. */
function withHead(
  model: Model,
  {
    made,
    kind,
    feature,
    notes,
    config,
  }: {
    readonly made: NewHead;
    readonly kind: "new" | "zero-shot";
    readonly feature: Value;
    readonly notes: string[];
    readonly config: Config;
  },
): Network {
  const { logits } = made;
  const headParameters = new Set(made.parameters);
  return {
    model,
    output: logits,
    logits: logits.name,
    judged: logits.name,
    head: kind,
    feature,
    headParameters,
    ...chooseTrained(model, { config, headParameters, head: kind, output: logits, notes }),
    notes,
    restoreOutputs: () => undefined,
  };
}

/** How a new head is made. */
function headSettings({ head: { pooling, hidden, activation, map }, seed }: Config) {
  const isLayer = hidden !== undefined && map === "linear";
  return { pooling, seed, ...(isLayer ? { hidden: { units: hidden, activation } } : {}) };
}

/** What a new head on a map has before its last layer. @throws ConfigError if a decoder finds no finer map */
function mapLayersOf(model: Model, { head }: Config, feature: Value, dimsOf: DimsOf) {
  const { map: kind, hidden: units } = head;
  const layers = { kind, ...(units === undefined ? {} : { units }) };
  if (kind !== "decoder") return layers;
  const value =
    head.skip === undefined ? finerMap(model.graph, feature, dimsOf) : valueNamed(model.graph, head.skip);
  const dims = value && dimsOf(value);
  if (value && dims?.length === 4) return { ...layers, skip: { value, width: dims[1]! } }; // of rank 4
  throw new ConfigError(
    head.skip === undefined
      ? `head.map decoder: no map before "${feature.name}" is 2, 4 or 8 times as fine; name one with --head.skip, or use --head.map fcn`
      : `head.skip "${head.skip}" is no map [B, D, h, w]`,
  );
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

/**
 * What a new head reads: what the old one read, or the output itself of a model that gives a sequence of features. For an
 * answer at every place it is the map that this was pooled from.
 */
function featureOf(output: Value, form: HeadForm, dimsOf: DimsOf): Value {
  const feature = headFeature(output, form);
  if (form !== "map") return feature;
  const map = mapBehind(feature, dimsOf);
  if (map) return map;
  throw new ConfigError(
    `no map or sequence of patches is found behind "${feature.name}" [${dimsOf(feature)?.join(", ")}]; name one with --head.from`,
  );
}

function headFeature(output: Value, form: HeadForm): Value {
  const rank = output.declared?.dims?.length;
  try {
    return findHead(output).feature;
  } catch (error) {
    if (error instanceof ModelError && (rank === 3 || (form === "map" && rank === 4))) return output;
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
