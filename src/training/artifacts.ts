import type { LossOptions } from "../autodiff/losses/loss.ts";
import type { LossName } from "../autodiff/losses/registry.ts";
import type { Config } from "../config/schema.ts";
import { ModelError } from "../errors.ts";
import { findHead } from "../heads/find-head.ts";
import type { Model } from "../onnx/model.ts";
import { type TensorType, tensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { ADAPTER_FILES } from "../peft/adapter-file.ts";
import type { FileContent, Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { safetensorsPieces } from "../tensor/safetensors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { VERSION } from "../version.ts";
import { adapterConfig, adapterGraphOptions, adapterTensors, attachAdapters } from "./adapters.ts";
import {
  type ArtifactOptimizer,
  buildArtifactOptimizer,
  DEFAULT_OPTIMIZER,
  type OptimizerChoice,
} from "./artifact-optimizer.ts";
import { chooseTrainable } from "./choose-trainable.ts";
import { createEvaluator } from "./constant-evaluator.ts";
import { DROPOUT_SEED } from "./dropout-masks.ts";
import { withoutUndefined } from "./plain.ts";
import { buildTrainingGraph, initialOf, type TrainingGraph } from "./training-graph.ts";

export interface ArtifactsOptions {
  readonly files: Files;
  readonly runtime: Runtime;
  /** Folder to write to. */
  readonly out: string;
  /** Concrete shape of each input, by name. */
  readonly inputShapes: ReadonlyMap<string, Shape>;
  readonly loss: LossName;
  /** Name of the output that the loss reads. */
  readonly logits: string;
  readonly lossOptions?: LossOptions;
  /** `all`, or a regular expression on parameter names. */
  readonly trainable?: string;
  /** Adapters to train in place of the weights; `trainable` then names what is trained beside them. */
  readonly peft?: Config["peft"];
  /** Adam + SPD if left out. */
  readonly optimizer?: OptimizerChoice;
}

/** What was written. */
export interface Artifacts {
  readonly paths: readonly string[];
  readonly graph: TrainingGraph;
}

/**
 * Writes training artifacts that any ONNX Runtime runs, in any language:
 *
 *     training_model.onnx     inputs: the model's own, `targets`, each parameter; outputs: `loss`, the model's own, `<parameter>_grad`
 *     eval_model.onnx         the same without gradients
 *     optimizer_model.onnx    one step: inputs: each parameter, its gradient, its states, its anchor, `lr`, `step`;
 *                             outputs: `<name>_next` for each parameter and each state
 *     checkpoint.safetensors  the parameters' values, and those of anchors that come from a file
 *     frozen.safetensors      where a model has more than 1 GiB of weights that stay: those, which are inputs too
 *     artifacts.json          names, shapes, dtypes, roles, states, anchors
 *     adapter_config.json     with adapters: beside the trained parameters as adapter_model.safetensors, what `merge` takes
 *
 * What is there under these names is replaced. The models are opened in ONNX Runtime before anything is written.
 *
 * @throws UnsupportedOpError if an operator on a trainable path has no gradient
 * @throws ConfigError if there is no such output, no weight can be trained, or the optimizer has no form as a graph
 * @throws FileError if the folder cannot be written to
 */
export async function writeArtifacts(model: Model, options: ArtifactsOptions): Promise<Artifacts> {
  const { files, out, loss, logits, lossOptions = {}, peft, optimizer = DEFAULT_OPTIMIZER } = options;
  await files.makeFolder(out); // fails now rather than after the work
  const adapters = peft ? attachAdapters(model, { method: "adam", peft, seed: 0 }, headOf(model)) : null;
  const trainable = options.trainable ?? (adapters ? null : "all");
  const graph = await buildTrainingGraph(model, {
    inputShapes: options.inputShapes,
    loss,
    logits,
    lossOptions,
    trainable: [
      ...(adapters ? adapterTensors(adapters) : []),
      ...(trainable === null ? [] : chooseTrainable(model, trainable)),
    ],
    evaluate: createEvaluator(options.runtime),
    ...adapterGraphOptions(adapters),
  });
  const step = await buildArtifactOptimizer(files, graph, optimizer, adapters);
  const models = [
    ["training_model.onnx", graph.trainingModel],
    ["eval_model.onnx", graph.evalModel],
    ["optimizer_model.onnx", step.model],
  ] as const;
  for (const [name, bytes] of models) await (await options.runtime.createSession(bytes, { name })).release();
  const weights = new Map<string, Tensor>(graph.parameters.map((p) => [p.name, initialOf(p)]));
  for (const [name, values] of step.anchors) weights.set(name, values);
  const contents: readonly (readonly [name: string, content: FileContent])[] = [
    ...models,
    ["checkpoint.safetensors", safetensorsPieces(weights, { format: "pt" })],
    ...(graph.frozen.size > 0
      ? [["frozen.safetensors", safetensorsPieces(new Map(graph.frozen), { format: "pt" })] as const]
      : []),
    ["artifacts.json", json(describe(graph, { loss, logits, lossOptions, step }))],
    ...(adapters ? [[ADAPTER_FILES.config, json(adapterConfig(adapters, model.graph.name))] as const] : []),
  ];
  const paths: string[] = [];
  for (const [name, content] of contents) {
    const path = joinPath(out, name);
    await files.write(path, content);
    paths.push(path);
  }
  return { paths, graph };
}

/** The weights of the classifier that the first output ends in; none if it ends in none. */
function headOf(model: Model): ReadonlySet<Value> {
  const output = model.graph.outputs[0];
  try {
    return new Set(output ? findHead(output).weights : []);
  } catch (error) {
    if (error instanceof ModelError) return new Set();
    throw error;
  }
}

function json(content: unknown): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

function describe(
  graph: TrainingGraph,
  how: {
    readonly loss: LossName;
    readonly logits: string;
    readonly lossOptions: LossOptions;
    readonly step: ArtifactOptimizer;
  },
): Record<string, unknown> {
  const typed = (name: string, type: TensorType) => ({ name, dtype: type.dtype, shape: type.dims });
  return {
    version: 1,
    producer: `holdfast ${VERSION}`,
    loss: { name: how.loss, output: how.logits, ...withoutUndefined(how.lossOptions) },
    inputs: [...graph.inputs].map(([name, type]) => typed(name, type)),
    targets: typed("targets", graph.targets),
    ...(graph.targetWeights ? { targetWeights: typed("target_weights", graph.targetWeights) } : {}),
    // A number for each batch, in the training model alone: it decides what dropout drops.
    ...(graph.hasDropout ? { dropoutSeed: typed(DROPOUT_SEED, tensorType("int64", [])) } : {}),
    outputs: [...graph.outputs].map(([name, type]) => typed(name, type)),
    optimizer: how.step.description,
    parameters: graph.parameters.map(({ name, type, role, depth }) => ({
      ...typed(name, type),
      gradient: `${name}_grad`,
      role,
      depth,
      ...how.step.parameters.get(name),
    })),
    ...(graph.frozen.size > 0
      ? { frozen: [...graph.frozen].map(([name, t]) => typed(name, tensorType(t.dtype, t.dims))) }
      : {}),
    ...(graph.omitted.size > 0
      ? { notComputed: [...graph.omitted].map(([output, why]) => ({ output, why: why.message })) }
      : {}),
    notTrained: graph.unreachable.map((p) => p.name),
  };
}
