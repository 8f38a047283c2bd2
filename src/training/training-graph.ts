import type { LossOptions } from "../autodiff/losses/loss.ts";
import { appendLoss, type LossName } from "../autodiff/losses/registry.ts";
import { vjp } from "../autodiff/vjp.ts";
import { allProblems, ConfigError, HoldfastError, type UnsupportedOpError } from "../errors.ts";
import { encodeModel } from "../onnx/encode.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Model } from "../onnx/model.ts";
import type { Node } from "../onnx/node.ts";
import { dependencies, prune } from "../onnx/prune.ts";
import { type TensorType, tensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import type { OpBuilder } from "../ops/op-builder.ts";
import type { Evaluate } from "../passes/constant-region.ts";
import { type Lowered, lower } from "../passes/lower.ts";
import { loweredModel, storeParameters } from "../passes/lowered-model.ts";
import { type OutputUnits, outputUnits } from "../passes/output-units.ts";
import type { ParameterRole, StoredTensor } from "../passes/parameters.ts";
import { Segments } from "../passes/segments.ts";
import { putSinksLast } from "../passes/sinks-last.ts";
import { inFloat32 } from "../tensor/half-tensor.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { DROPOUT_SEED, DropoutMasks, type DropoutPlaces } from "./dropout-masks.ts";
import { feedFrozen } from "./frozen-inputs.ts";
import { addTeacher, type Distillation } from "./teacher.ts";

export interface TrainingGraphOptions {
  /** Concrete shape of each model input, by name. */
  readonly inputShapes: ReadonlyMap<string, Shape>;
  readonly loss: LossName;
  /** Name of the model output that the loss reads. */
  readonly logits: string;
  readonly lossOptions?: LossOptions;
  /** The weights to train. */
  readonly trainable: readonly StoredTensor[];
  readonly evaluate: Evaluate;
  /** Makes float32 of stored half floats; what graphs share that are given the same one. */
  readonly widen?: (stored: Tensor) => Tensor;
  /** Bytes of frozen weights up to which the models store them themselves; 1 GiB if left out. */
  readonly largestStored?: number;
  /** A term that holds the network to the one it starts from; none if left out. */
  readonly distillation?: Distillation;
  /** Where the training model drops elements. */
  readonly dropout?: DropoutPlaces;
  /** Values of the model that no gradient flows through. */
  readonly detached?: readonly Value[];
  /** Where rows hold several texts: the name of the input that both models then have, int64 [batch, length], and that tells them apart. */
  readonly segments?: string;
}

/** A weight that the training model takes as an input and gives a gradient for. */
export interface TrainableParameter {
  readonly name: string;
  readonly type: TensorType;
  readonly role: ParameterRole;
  /** Where it stands between input (0) and output: the number of computing nodes before its first use. */
  readonly depth: number;
  /** Where its output units lie. */
  readonly units: OutputUnits;
  /** The value in the source model that holds it. */
  readonly source: Value;
}

export interface TrainingGraph {
  /** Inputs: the model's own, `targets`, `target_weights` where asked for, parameters. Outputs: `loss`, the model's own, `<parameter>_grad`. */
  readonly trainingModel: Uint8Array;
  /** Whether the training model has the input `dropout_seed`. */
  readonly hasDropout: boolean;
  /** The same without gradients. */
  readonly evalModel: Uint8Array;
  readonly parameters: readonly TrainableParameter[];
  /** Weights that were asked for but that the loss does not depend on. */
  readonly unreachable: readonly StoredTensor[];
  readonly targets: TensorType;
  /** float32 [B], where the loss was asked to be weighted; the input `target_weights`. */
  readonly targetWeights: TensorType | null;
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
  /** Outputs of the model that a training graph cannot compute, and why; the loss reads none of them. */
  readonly omitted: ReadonlyMap<string, UnsupportedOpError>;
  /** Weights that stay as they are and yet are inputs of both models, because a file cannot hold so many; empty for most models. */
  readonly frozen: ReadonlyMap<string, Tensor>;
}

/** What the source model holds for a parameter, in float32. */
export function initialOf({ name, source }: TrainableParameter): Tensor<"float32"> {
  const held = source.constant && inFloat32(source.constant);
  if (held?.dtype !== "float32") throw new HoldfastError(`internal: "${name}" is ${held?.dtype ?? "empty"}`);
  return held as Tensor<"float32">; // the dtype was checked just above
}

/**
 * The training and evaluation graphs of a model for one set of shapes, as plain ONNX that any ONNX Runtime runs.
 *
 * @throws UnsupportedOpError naming every operator before the loss that is unknown, or has no gradient on a trainable path
 * @throws ConfigError if the output named by `logits` does not exist or no weight can be trained
 */
export async function buildTrainingGraph(
  model: Model,
  options: TrainingGraphOptions,
): Promise<TrainingGraph> {
  const masks = new DropoutMasks(options.dropout ?? { ratio: 0, at: [] });
  if (options.segments && options.distillation) {
    throw new ConfigError(
      "preprocess.packing and distillation: what the model said of texts before is not told apart in a row; leave one of them out",
    );
  }
  const segments = options.segments
    ? new Segments(model, options.segments, rowsAndTokens(options.inputShapes))
    : null;
  const lowered = await lower(model, {
    inputShapes: options.inputShapes,
    parameters: options.trainable,
    evaluate: options.evaluate,
    transform: new Map([...masks.transform, ...(segments?.transform ?? [])]),
    ...(options.widen ? { widen: options.widen } : {}),
  });
  const { graph, b } = lowered;
  segments?.mask(lowered);
  const logits = lowered.outputs.get(options.logits) ?? refusedLogits(model, lowered, options.logits);
  const order = depths(graph);
  // Before the backward graph reads the weights too, in ways of its own.
  const units = new Map(options.trainable.map(({ value }) => [value, unitsOf(lowered, value)]));
  const task = appendLoss(b, logits, options.loss, options.lossOptions ?? {});
  const { targets, weights } = task;
  const ownLoss = task.loss;
  freeName(graph, ownLoss, "loss");
  freeName(graph, targets, "targets");
  if (weights) freeName(graph, weights, "target_weights");
  const outputs = nameOutputs(b, lowered, [ownLoss]);
  graph.outputs = [ownLoss, ...outputs];

  const forward = { nodes: [...graph.nodes], outputs: [...graph.outputs] };
  const reached = dependencies(graph, [ownLoss]).values;
  const wrt = options.trainable.filter((p) => reached.has(lowered.parameters.get(p.value)!));
  const distilled = options.distillation
    ? await addTeacher(model, lowered, { ...task, logits }, options.distillation, options)
    : null;
  const cotangents = vjp(b, {
    seeds: distilled?.seeds() ?? new Map([[logits, task.gradient()]]),
    wrt: wrt.map((p) => lowered.parameters.get(p.value)!), // lower() made one for each
    detached: new Set((options.detached ?? []).flatMap((v) => lowered.valueOf.get(v) ?? [])),
  });
  const parameters: TrainableParameter[] = [];
  const taken = new Set<Value>(graph.outputs);
  for (const p of wrt) {
    const value = lowered.parameters.get(p.value)!;
    const ct = cotangents.get(value);
    if (!ct) continue;
    const output = taken.has(ct) || ct.name !== "" || ct.producer === null ? b.op("Identity", [ct]) : ct;
    output.name = `${p.name}_grad`;
    freeName(graph, output, output.name);
    taken.add(output);
    graph.outputs.push(output);
    parameters.push({
      name: p.name,
      type: value.type,
      role: p.role,
      depth: order.get(value) ?? 0,
      units: units.get(p.value)!,
      source: p.value,
    });
  }
  if (parameters.length === 0) {
    throw new ConfigError(
      `no weight can be trained: the output "${options.logits}" depends on none of the ${options.trainable.length} chosen; see holdfast inspect`,
    );
  }
  const used = new Set(parameters.map((p) => p.source));
  // Weights that get no gradient become constants again.
  storeParameters(
    lowered,
    [...lowered.parameters.keys()].filter((source) => !used.has(source)),
  );
  const frozen = feedFrozen(graph, options.largestStored);
  freeName(graph, masks.seed, DROPOUT_SEED);
  const evalModel = masks.without(() => encodeEval(model, lowered, forward, frozen));
  if (distilled) {
    ownLoss.name = "";
    distilled.loss.name = "loss";
    graph.outputs[0] = distilled.loss;
  }
  prune(graph);
  graph.inputs = graph.inputs.filter((v) => v.uses.size > 0 || !frozen.has(v.name));
  if (masks.seed.uses.size === 0) graph.inputs = graph.inputs.filter((v) => v !== masks.seed);
  putSinksLast(graph);
  return {
    trainingModel: encodeModel(loweredModel(model, lowered)),
    evalModel,
    hasDropout: graph.inputs.includes(masks.seed),
    parameters,
    unreachable: options.trainable.filter((p) => !used.has(p.value)),
    targets: targets.type,
    targetWeights: weights?.type ?? null,
    inputs: new Map(
      [...lowered.inputs.values(), ...(segments ? [segments.input] : [])].map((v) => [v.name, v.type]),
    ),
    outputs: new Map([...lowered.outputs].map(([name, v]) => [name, tensorType(v.dtype, v.dims)])),
    omitted: new Map(omittedOutputs(model, lowered)),
    frozen,
  };
}

/** [batch, length] of the first input that has both. */
function rowsAndTokens(shapes: ReadonlyMap<string, Shape>): readonly [number, number] {
  const [batch, length] = [...shapes.values()].find((dims) => dims.length === 2) ?? [];
  if (batch !== undefined && length !== undefined) return [batch, length];
  throw new ConfigError(
    "preprocess.packing: the model has no input of tokens [batch, length]; leave packing out",
  );
}

function unitsOf(lowered: Lowered, source: Value): OutputUnits {
  const value = lowered.parameters.get(source)!; // lower() made one for each
  return outputUnits([source, value], value.dims.length);
}

function* omittedOutputs(model: Model, lowered: Lowered): Generator<[string, UnsupportedOpError]> {
  for (const output of model.graph.outputs) {
    const reasons = lowered.refused.get(output);
    if (reasons) yield [output.name, allProblems(reasons)];
  }
}

function refusedLogits(model: Model, lowered: Lowered, logits: string): never {
  const reason = new Map(omittedOutputs(model, lowered)).get(logits);
  if (reason) throw reason;
  throw new ConfigError(
    `the model has no output "${logits}" to put the loss on; its outputs are ${[...lowered.outputs.keys()].join(", ")}`,
  );
}

/** The forward part alone, as it stood before the backward nodes were appended. */
function encodeEval(
  model: Model,
  lowered: Lowered,
  forward: { nodes: Node[]; outputs: Value[] },
  frozen: ReadonlyMap<string, Tensor>,
): Uint8Array {
  const { graph } = lowered;
  const { nodes: all, outputs, initializers, inputs } = graph;
  const whole = { nodes: all, outputs, initializers, inputs };
  Object.assign(graph, forward);
  const { nodes, values } = dependencies(graph, forward.outputs);
  graph.nodes = forward.nodes.filter((n) => nodes.has(n));
  graph.initializers = whole.initializers.filter((v) => values.has(v));
  // What only the training model draws masks from is no input here.
  graph.inputs = whole.inputs.filter(
    (v) => v.name !== DROPOUT_SEED && (values.has(v) || !frozen.has(v.name)),
  );
  const bytes = encodeModel(loweredModel(model, lowered));
  Object.assign(graph, whole);
  return bytes;
}

/** Gives each model output its own name; one that is also an input, a constant or another output passes through an Identity. */
function nameOutputs(b: OpBuilder, lowered: Lowered, reserved: readonly Value[]): Value[] {
  const taken = new Set<Value>(reserved);
  return [...lowered.outputs].map(([name, value]) => {
    const own = value.producer !== null && !taken.has(value) ? value : b.op("Identity", [value]);
    taken.add(own);
    freeName(b.graph, own, name);
    own.name = name;
    return own;
  });
}

/** Makes sure that no other value of the graph bears a name that the artifact's contract gives to `owner`. */
function freeName(graph: Graph, owner: Value, name: string): void {
  for (const value of graph.values())
    if (value !== owner && value.name === name) value.name = `${name}_model`;
}

/** For each value, the length of the longest chain of nodes from the graph's inputs to the first node that reads it. */
function depths(graph: Graph): Map<Value, number> {
  const depth = new Map<Value, number>();
  const firstUse = new Map<Value, number>();
  for (const node of graph.nodes) {
    const at = Math.max(0, ...node.inputs.map((v) => (v === null ? 0 : (depth.get(v) ?? 0))));
    for (const v of node.inputs) if (v !== null && !firstUse.has(v)) firstUse.set(v, at);
    for (const v of node.outputs) if (v !== null) depth.set(v, at + 1);
  }
  return firstUse;
}
