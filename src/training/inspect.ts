import { activeValues, vjp } from "../autodiff/vjp.ts";
import { allProblems, messageOf, UnsupportedOpError } from "../errors.ts";
import type { Graph } from "../onnx/graph.ts";
import { allNodes, type Model, opsetOf } from "../onnx/model.ts";
import type { Node } from "../onnx/node.ts";
import { dependencies, prune } from "../onnx/prune.ts";
import { type ModelSummary, summarize } from "../onnx/summary.ts";
import type { Value } from "../onnx/value.ts";
import { type GradientKind, gradientOf } from "../ops/gradient-kind.ts";
import { canBeTrained } from "../passes/half-precision.ts";
import { type Lowered, lower } from "../passes/lower.ts";
import { type ParameterRole, type StoredTensor, storedTensors } from "../passes/parameters.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { byteLengthOf, isFloat } from "../tensor/data-type.ts";
import type { Shape } from "../tensor/shape.ts";
import { sizeOf } from "../tensor/shape.ts";
import { createEvaluator } from "./constant-evaluator.ts";

/** A stored float tensor of a model. */
export interface ParameterFacts {
  readonly name: string;
  readonly dims: readonly number[];
  readonly elements: number;
  readonly role: ParameterRole;
  /** Number of nodes on the longest way from an input to its first use. */
  readonly depth: number;
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

/** Bytes that training takes, by what they are for. An estimate: ONNX Runtime adds workspace of its own. */
export interface MemoryEstimate {
  readonly inputShapes: Readonly<Record<string, Shape>>;
  /** Weights, gradients, two moments and anchors. */
  readonly parameters: number;
  /** Most bytes of values that are alive at the same time in a step. */
  readonly activations: number;
}

export interface Inspection {
  readonly summary: ModelSummary;
  readonly parameters: readonly ParameterFacts[];
  readonly operators: readonly OperatorFacts[];
  /** Null if every weight on the way to the first output gets a gradient; else what is in the way. */
  readonly problem: string | null;
  /** Null where input shapes were not given, or the graph cannot be built. */
  readonly memory: MemoryEstimate | null;
}

export interface InspectOptions {
  readonly runtime: Runtime;
  /** Concrete input shapes, for the memory estimate and for the proof that gradients can be built. */
  readonly inputShapes?: ReadonlyMap<string, Shape>;
}

/** What a model is made of, and what would happen if it were trained. The model is not changed. */
export async function inspectModel(model: Model, options: InspectOptions): Promise<Inspection> {
  const stored = storedTensors(model);
  const weights = stored.filter((t) => t.constantBecause === null);
  const depths = depthsOf(model.graph);
  let lowered: Lowered | null = null;
  let memory: MemoryEstimate | null = null;
  let failure: string | null = null;
  if (options.inputShapes) {
    lowered = await lowerFor(model, weights, options.runtime, options.inputShapes);
    const [first] = model.graph.outputs;
    const refused = first && lowered.refused.get(first);
    // What the table says of operators alone, the graph itself says better.
    if (refused) failure = messageOf(allProblems(refused));
  }
  // Appending the gradients changes the lowered graph, so the way of gradients is read off before.
  const path =
    lowered && failure === null
      ? exactPath(model, lowered)
      : likelyPath(model, new Set(weights.map((w) => w.value)));
  const operators = operatorFacts(model, path);
  if (lowered && failure === null && options.inputShapes) {
    try {
      memory = estimate(lowered, options.inputShapes);
    } catch (error) {
      if (!(error instanceof UnsupportedOpError)) throw error;
      failure = messageOf(error);
    }
  }
  return {
    summary: summarize(model),
    parameters: stored.map(({ value, name, role, constantBecause }) => {
      const dims = value.constant?.dims ?? [];
      return { name, dims, elements: sizeOf(dims), role, depth: depths.get(value) ?? 0, constantBecause };
    }),
    operators,
    problem: failure ?? blockedBy(operators),
    memory,
  };
}

function blockedBy(operators: readonly OperatorFacts[]): string | null {
  const blocked = operators.find(
    (o) => o.onTrainablePath > 0 && (o.gradient === "none" || o.gradient === "unknown"),
  );
  if (!blocked) return null;
  return `${blocked.opType} lies on a trainable path and has no gradient${blocked.why ? `: ${blocked.why}` : ""}`;
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
      ...gradientOf(node, opsetOf(model) ?? 1),
    };
    facts.set(key, {
      ...before,
      count: before.count + 1,
      onTrainablePath: before.onTrainablePath + (path.has(node) ? 1 : 0),
    });
  }
  return [...facts.values()].sort((a, b) => b.count - a.count || (a.opType < b.opType ? -1 : 1));
}

/** Nodes through which gradients flow to a weight, from the first float output, by the types of the lowered graph. */
function exactPath(model: Model, lowered: Lowered): Set<Node> {
  const active = activeValues(lowered.graph.nodes, [...lowered.parameters.values()], lowered.b.opset);
  const output = floatOutput(lowered);
  const needed = dependencies(lowered.graph, output ? [output] : []).values;
  return new Set(
    model.graph.nodes.filter((node) =>
      node.outputs.some((v) => {
        const value = v === null ? undefined : lowered.valueOf.get(v);
        return value !== undefined && active.has(value) && needed.has(value) && !lowered.parameters.has(v!);
      }),
    ),
  );
}

/** The same for a model whose shapes and types are not known: nodes between a weight and the first output. */
function likelyPath(model: Model, weights: ReadonlySet<Value>): Set<Node> {
  const reached = new Set<Value>(weights);
  const forward: Node[] = [];
  for (const node of model.graph.nodes) {
    if (!node.inputs.some((v) => v !== null && reached.has(v))) continue;
    if (gradientOf(node, opsetOf(model) ?? 1).gradient === "zero") continue;
    forward.push(node);
    for (const v of node.outputs) if (v !== null) reached.add(v);
  }
  const wanted = new Set<Value>(model.graph.outputs.slice(0, 1));
  const between = new Set<Node>();
  for (const node of forward.reverse()) {
    if (!node.outputs.some((v) => v !== null && wanted.has(v))) continue;
    between.add(node);
    for (const v of node.inputs) if (v !== null && reached.has(v)) wanted.add(v);
  }
  return between;
}

function lowerFor(
  model: Model,
  weights: readonly StoredTensor[],
  runtime: Runtime,
  inputShapes: ReadonlyMap<string, Shape>,
): Promise<Lowered> {
  return lower(model, {
    inputShapes,
    parameters: weights.filter((w) => canBeTrained(w.value)),
    evaluate: createEvaluator(runtime),
  });
}

function floatOutput({ outputs }: Lowered): Value | undefined {
  return [...outputs.values()].find((v) => isFloat(v.dtype));
}

/** Appends the gradients of an output to the lowered graph, and adds up what is alive. Null if no output is float. */
function estimate(lowered: Lowered, inputShapes: ReadonlyMap<string, Shape>): MemoryEstimate | null {
  const output = floatOutput(lowered);
  if (!output) return null;
  const wrt = [...lowered.parameters.values()];
  // Any cotangent of the output's type does; the output itself is one.
  const cotangents = vjp(lowered.b, { seeds: new Map([[output, output]]), wrt, detached: lowered.detached });
  const gradients = [...cotangents.values()].filter((v) => v !== null);
  lowered.graph.outputs = [...new Set([...lowered.graph.outputs, ...gradients])];
  prune(lowered.graph);
  const elements = wrt.reduce((sum, v) => sum + sizeOf(v.dims), 0);
  return {
    inputShapes: Object.fromEntries(inputShapes),
    parameters: 5 * 4 * elements, // float32 weight, gradient, two moments, anchor
    activations: mostAlive(lowered.graph, new Set([...gradients, ...wrt])),
  };
}

/** Most bytes of computed values that are alive at once when nodes run in order; `apart` are counted elsewhere. */
function mostAlive(graph: Graph, apart: ReadonlySet<Value>): number {
  const lastUse = new Map<Value, number>();
  graph.nodes.forEach((node, i) => {
    for (const v of node.inputs) if (v !== null) lastUse.set(v, i);
  });
  for (const v of graph.outputs) lastUse.set(v, graph.nodes.length);
  let [now, most] = [0, 0];
  const bytesOf = (v: Value) => (apart.has(v) ? 0 : byteLengthOf(v.dtype, sizeOf(v.dims)));
  graph.nodes.forEach((node, i) => {
    for (const v of node.outputs) if (v !== null && lastUse.has(v)) now += bytesOf(v);
    most = Math.max(most, now);
    for (const v of new Set(node.inputs)) if (v?.producer && lastUse.get(v) === i) now -= bytesOf(v);
  });
  return most;
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
