import { findMethod } from "../config/methods.ts";
import type { Config } from "../config/schema.ts";
import { ConfigError } from "../errors.ts";
import { findHead, logitsOf } from "../heads/find-head.ts";
import { putNewHead } from "../heads/new-head.ts";
import { valueNamed } from "../onnx/edit.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import type { Evaluate } from "../passes/constant-region.ts";
import { lower } from "../passes/lower.ts";
import type { StoredTensor } from "../passes/parameters.ts";
import type { Shape } from "../tensor/shape.ts";
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
    trainable: trainableOf(model, config, headParameters, logits),
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
    config.head.from === undefined ? findHead(output).feature : valueNamed(model.graph, config.head.from);
  const types = await lower(model, { inputShapes, parameters: [], evaluate });
  const type = types.valueOf.get(feature)?.type;
  if (!type) throw new ConfigError(`head.from: the type of "${feature.name}" is not known`);
  const head = putNewHead(model, {
    feature,
    type,
    classes: classes.length,
    pooling: config.head.pooling,
    seed: config.seed,
  });
  notes.push(`The new head reads "${feature.name}" [${type.dims.join(", ")}], pooled: ${head.pooled}.`);
  const headParameters = new Set(head.parameters);
  return {
    model,
    logits: head.logits.name,
    head: "new",
    feature,
    headParameters,
    trainable: trainableOf(model, config, headParameters, head.logits),
    notes,
    restoreOutputs: () => undefined,
  };
}

function trainableOf(model: Model, config: Config, head: ReadonlySet<Value>, output: Value): StoredTensor[] {
  const wanted = config.trainable ?? findMethod(config.method)?.trainable ?? "all";
  return chooseTrainable(model, wanted, { head, output });
}
