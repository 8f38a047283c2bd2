import { activeValues } from "../autodiff/vjp.ts";
import type { Graph } from "../onnx/graph.ts";
import { type Model, nodeOpset, opsetOf } from "../onnx/model.ts";
import type { Node } from "../onnx/node.ts";
import { dependencies } from "../onnx/prune.ts";
import type { Value } from "../onnx/value.ts";
import { gradientOf } from "../ops/gradient-kind.ts";
import type { Lowered } from "../passes/lower.ts";
import { isFloat } from "../tensor/data-type.ts";

/** A node that lies between a weight and the output and has no gradient. */
export interface Blocker {
  /** The node's own name, or that of its output. */
  readonly node: string;
  readonly opType: string;
  readonly domain: string;
  readonly opset: number;
  readonly why: string;
  /** What can be done. */
  readonly remedy: string;
}

/** Nodes through which gradients flow to a weight, from the first float output, by the types of the lowered graph. */
export function exactPath(model: Model, lowered: Lowered): Set<Node> {
  const active = activeValues(lowered.graph.nodes, [...lowered.parameters.values()], lowered.b.opset);
  const output = floatOutput(lowered);
  const needed = dependencies(lowered.graph, output ? [output] : []).values;
  return new Set(
    model.graph.nodes.filter((node) =>
      node.outputs.some((v) => {
        const value = v === null ? undefined : lowered.valueOf.get(v);
        return value !== undefined && active.has(value) && needed.has(value) && !lowered.parameters.has(v!); // v has a value
      }),
    ),
  );
}

/** The output that a loss would be put on: the first one of floats. */
export function floatOutput({ outputs }: Lowered): Value | undefined {
  return [...outputs.values()].find((v) => isFloat(v.dtype));
}

/** The same path for a model whose shapes and types are not known: nodes between a weight and the first output. */
export function likelyPath(model: Model, weights: ReadonlySet<Value>): Set<Node> {
  const reached = new Set<Value>(weights);
  const forward: Node[] = [];
  for (const node of model.graph.nodes) {
    if (!node.inputs.some((v) => v !== null && reached.has(v))) continue;
    if (gradientOf(node, nodeOpset(model, node)).gradient === "zero") continue;
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

/**
 * The nodes of a path that have no gradient, with what can be done about each.
 *
 * @param canBuild whether the graph itself can be built, so that weights behind a node can be trained without the rest
 */
export function blockersOn(
  model: Model,
  path: ReadonlySet<Node>,
  weights: ReadonlySet<Value>,
  canBuild: boolean,
): Blocker[] {
  const functions = new Set(model.functions.map((f) => `${f.domain}:${f.name}`));
  const blocking = [...path].filter((node) => {
    const { gradient } = gradientOf(node, nodeOpset(model, node));
    return (gradient === "none" || gradient === "unknown") && !functions.has(`${node.domain}:${node.opType}`);
  });
  if (blocking.length === 0) return [];
  const free = weightsBehind(model.graph, new Set(blocking), weights);
  const partly =
    free === 0 || !canBuild
      ? ""
      : `; ${free} of ${weights.size} weights lie between it and the output: --trainable with a regular expression of their names trains those`;
  return blocking.map((node) => {
    const { gradient, why = "" } = gradientOf(node, nodeOpset(model, node));
    const read = node.inputs.find((v) => v !== null && v.constant === null)?.name;
    const cut = read ? ` or put a new head on what it reads (--head.from ${read})` : "";
    return {
      node: node.name || node.outputs[0]?.name || "",
      opType: node.opType,
      domain: node.domain,
      opset: opsetOf(model, node.domain) ?? 1,
      why,
      remedy:
        gradient === "unknown"
          ? `export the model with standard operators${cut ? "," : ""}${cut}`
          : `take another output (--logits)${cut ? "," : ""}${cut}${partly}`,
    };
  });
}

/** How many weights reach the first output on a way without any of these nodes. */
function weightsBehind(graph: Graph, blocking: ReadonlySet<Node>, weights: ReadonlySet<Value>): number {
  const wanted = new Set<Value>(graph.outputs.slice(0, 1));
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!; // i runs over the list
    if (blocking.has(node) || !node.outputs.some((v) => v !== null && wanted.has(v))) continue;
    for (const v of node.inputs) if (v !== null) wanted.add(v);
  }
  return [...weights].filter((w) => wanted.has(w)).length;
}
