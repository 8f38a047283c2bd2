import { allProblems, messageOf, UnsupportedOpError } from "../errors.ts";
import type { Graph } from "../onnx/graph.ts";
import { allNodes, type Model, nodeOpset } from "../onnx/model.ts";
import type { Node } from "../onnx/node.ts";
import { type ModelSummary, summarize } from "../onnx/summary.ts";
import type { Value } from "../onnx/value.ts";
import { type GradientKind, gradientOf } from "../ops/gradient-kind.ts";
import { findBlocks } from "../passes/blocks.ts";
import { canBeTrained } from "../passes/half-precision.ts";
import { type Lowered, lower } from "../passes/lower.ts";
import { type ParameterRole, type StoredTensor, storedTensors } from "../passes/parameters.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { chooseTrainable } from "./choose-trainable.ts";
import { createEvaluator } from "./constant-evaluator.ts";
import { estimateMemory, type MemoryEstimate } from "./memory/estimate.ts";
import { type Blocker, blockersOn, exactPath, floatOutput, likelyPath } from "./trainable-path.ts";

/** A stored float tensor of a model. */
export interface ParameterFacts {
  readonly name: string;
  readonly dims: readonly number[];
  readonly elements: number;
  readonly role: ParameterRole;
  /** Number of nodes on the longest way from an input to its first use. */
  readonly depth: number;
  /** The block of the network that it lies in, 0 nearest the input; null for what the first output does not depend on. */
  readonly block: number | null;
  /** Null for a weight that would be trained; otherwise why it is taken for a constant. */
  readonly constantBecause: string | null;
}

export interface OperatorFacts {
  readonly domain: string;
  readonly opType: string;
  readonly count: number;
  readonly gradient: GradientKind;
  /** Why it has no gradient. */
  readonly why?: string;
  /** How many of them lie between a weight and the first output. */
  readonly onTrainablePath: number;
}

export interface Inspection {
  readonly summary: ModelSummary;
  readonly parameters: readonly ParameterFacts[];
  readonly operators: readonly OperatorFacts[];
  /** Nodes on the way from the weights to the first output that have no gradient. */
  readonly blocked: readonly Blocker[];
  /** Null if every weight on the way to the first output gets a gradient; else what is in the way. */
  readonly problem: string | null;
  /** Null where input shapes were not given, or the graph cannot be built. */
  readonly memory: MemoryEstimate | null;
}

export interface InspectOptions {
  readonly runtime: Runtime;
  /** Concrete input shapes, for the memory estimate and for the proof that gradients can be built. */
  readonly inputShapes?: ReadonlyMap<string, Shape>;
  /** What would be trained, as the setting of the same name; all weights if left out. */
  readonly trainable?: string;
}

/** What a model is made of, and what would happen if it were trained. The model is not changed. */
export async function inspectModel(model: Model, options: InspectOptions): Promise<Inspection> {
  const { inputShapes, runtime, trainable } = options;
  const stored = storedTensors(model);
  const chosen =
    trainable === undefined
      ? stored.filter((t) => t.constantBecause === null && canBeTrained(t.value))
      : chooseTrainable(model, trainable);
  const weights = new Set(chosen.map((w) => w.value));
  let memory: MemoryEstimate | null = null;
  let failure: string | null = null;
  const lowered = inputShapes ? await orMessage(() => lowerFor(model, chosen, runtime, inputShapes)) : null;
  if (typeof lowered === "string") failure = lowered;
  const whole = isLowered(lowered) && !isRefused(model, lowered) ? lowered : null;
  if (isLowered(lowered)) failure = refusalOf(model, lowered);
  // Appending the gradients changes the lowered graph, so the way of gradients is read off before.
  const path = whole ? exactPath(model, whole) : likelyPath(model, weights);
  const blocked = blockersOn(model, path, weights, failure === null);
  const output = whole ? floatOutput(whole) : undefined;
  if (whole && inputShapes && output) {
    const found = await orMessage(async () => estimateMemory(model, whole, output, inputShapes));
    if (typeof found === "string") failure = found;
    else memory = found;
  }
  return {
    summary: summarize(model),
    parameters: parameterFacts(model, stored),
    operators: operatorFacts(model, path),
    blocked,
    problem: failure ?? sentenceOn(blocked) ?? nothingToTrain(weights, path),
    memory,
  };
}

/** The result, or the message of an operator that is not supported: what the table says alone, the graph says better. */
async function orMessage<T>(attempt: () => Promise<T>): Promise<T | string> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof UnsupportedOpError) return messageOf(error);
    throw error;
  }
}

function isRefused(model: Model, { refused }: Lowered): boolean {
  const [first] = model.graph.outputs;
  return first !== undefined && refused.has(first);
}

/** Why the first output cannot be in a training graph; null if it can. */
function refusalOf(model: Model, { refused }: Lowered): string | null {
  const [first] = model.graph.outputs;
  const [reason] = (first && refused.get(first)) ?? [];
  return reason ? messageOf(reason) : null;
}

function nothingToTrain(weights: ReadonlySet<Value>, path: ReadonlySet<Node>): string | null {
  if (weights.size === 0) return "it stores no weights, or none in floats";
  if (path.size > 0) return null;
  return "the first output depends on none of its weights through operators that have a gradient";
}

function isLowered(lowered: Lowered | string | null): lowered is Lowered {
  return lowered !== null && typeof lowered !== "string";
}

function sentenceOn([first, ...others]: readonly Blocker[]): string | null {
  if (!first) return null;
  const more = others.length > 0 ? `, and ${others.length} other node${others.length > 1 ? "s" : ""}` : "";
  return `${first.opType} "${first.node}" lies on a trainable path and has no gradient${first.why ? `: ${first.why}` : ""}${more}`;
}

function parameterFacts(model: Model, stored: readonly StoredTensor[]): ParameterFacts[] {
  const depths = depthsOf(model.graph);
  const weights = new Set(stored.filter((t) => t.constantBecause === null).map((t) => t.value));
  const output = model.graph.outputs[0];
  const blockOf = output ? findBlocks(model.graph, output, weights).blockOf : new Map<Value, number>();
  return stored.map(({ value, name, role, constantBecause }) => {
    const dims = value.constant?.dims ?? [];
    const [depth, block] = [depths.get(value) ?? 0, blockOf.get(value) ?? null];
    return { name, dims, elements: sizeOf(dims), role, depth, block, constantBecause };
  });
}

function operatorFacts(model: Model, path: ReadonlySet<Node>): OperatorFacts[] {
  const facts = new Map<string, OperatorFacts>();
  const functions = new Set(model.functions.map((f) => `${f.domain}:${f.name}`));
  for (const node of allNodes(model.graph)) {
    const { domain, opType } = node;
    const key = `${domain}:${opType}`;
    if (functions.has(key)) continue;
    const before = facts.get(key) ?? {
      domain,
      opType,
      count: 0,
      onTrainablePath: 0,
      ...gradientOf(node, nodeOpset(model, node)),
    };
    facts.set(key, {
      ...before,
      count: before.count + 1,
      onTrainablePath: before.onTrainablePath + (path.has(node) ? 1 : 0),
    });
  }
  return [...facts.values()].sort((a, b) => b.count - a.count || (a.opType < b.opType ? -1 : 1));
}

/** @throws UnsupportedOpError if the first output cannot be computed in a graph of static shapes */
async function lowerFor(
  model: Model,
  parameters: readonly StoredTensor[],
  runtime: Runtime,
  inputShapes: ReadonlyMap<string, Shape>,
): Promise<Lowered> {
  const lowered = await lower(model, { inputShapes, parameters, evaluate: createEvaluator(runtime) });
  const [first] = model.graph.outputs;
  const refused = first && lowered.refused.get(first);
  if (refused) throw allProblems(refused);
  return lowered;
}

/** For each stored value, the length of the longest chain of nodes before the first node that reads it. */
function depthsOf(graph: Graph): Map<Value, number> {
  const depth = new Map<Value, number>();
  const firstUse = new Map<Value, number>();
  for (const node of graph.nodes) {
    const at = Math.max(0, ...node.inputs.map((v) => (v === null ? 0 : (depth.get(v) ?? 0))));
    for (const v of node.inputs) if (v !== null && !firstUse.has(v)) firstUse.set(v, at);
    // A stored value carries no depth.
    if (node.opType !== "Constant") for (const v of node.outputs) if (v !== null) depth.set(v, at + 1);
  }
  return firstUse;
}
