import { ModelError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import { bodiesOf, dependencies, detachAll, prune } from "./prune.ts";
import type { Value } from "./value.ts";

/**
 * The value of that name in a graph (not in its subgraphs).
 *
 * @throws ModelError that lists similar names if there is none
 */
export function valueNamed(graph: Graph, name: string): Value {
  const similar: string[] = [];
  for (const value of graph.values()) {
    if (value.name === name) return value;
    if (similar.length < 5 && value.name !== "" && isSimilar(value.name, name)) similar.push(value.name);
  }
  const outputs = graph.outputs.map((v) => v.name).join(", ");
  throw new ModelError(
    `graph "${graph.name}": no value is named "${name}"; ` +
      (similar.length > 0 ? `similar ones: ${similar.join(", ")}` : `its outputs are: ${outputs}`),
    { details: { graph: graph.name, value: name } },
  );
}

function isSimilar(name: string, wanted: string): boolean {
  const [a, b] = [name.toLowerCase(), wanted.toLowerCase()];
  return b !== "" && (a.includes(b) || b.includes(a));
}

/** Gives a stored tensor, an initializer or the output of a Constant node, other elements. */
export function setConstant(value: Value, tensor: Tensor): void {
  value.constant = tensor;
  value.producer?.attributes.set("value", { kind: "tensor", value: tensor });
}

/** Makes every reader of `value`, in subgraphs too, and every output of `graph` that is `value`, take `by` instead. */
export function replaceAllUses(graph: Graph, value: Value, by: Value): void {
  for (const { node, index } of [...value.uses]) node.setInput(index, by);
  for (const g of graphsIn(graph)) g.outputs = g.outputs.map((v) => (v === value ? by : v));
}

/**
 * Takes a node out of a graph.
 *
 * @throws ModelError if something still reads one of its outputs
 */
export function removeNode(graph: Graph, node: Node): void {
  const read = node.outputs.find((v) => v !== null && (v.uses.size > 0 || isOutputIn(graph, v)));
  if (read) node.fail(`cannot be removed: its output "${read.name}" is still read; replace its uses first`);
  graph.nodes = graph.nodes.filter((n) => n !== node);
  detachAll(node);
}

/** What `removeDead` took away. */
export interface Removed {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly initializers: readonly Value[];
}

/** Removes the nodes, inputs and initializers of a graph on which none of its outputs depends. */
export function removeDead(graph: Graph): Removed {
  const { nodes, values } = dependencies(graph, graph.outputs);
  const removed = {
    nodes: graph.nodes.filter((n) => !nodes.has(n)),
    inputs: graph.inputs.filter((v) => !values.has(v)),
    initializers: graph.initializers.filter((v) => !values.has(v)),
  };
  prune(graph);
  graph.inputs = graph.inputs.filter((v) => values.has(v));
  return removed;
}

/** Ends a graph at the given values: they become its outputs, and what only the old outputs needed is removed. */
export function cutAt(graph: Graph, outputs: readonly Value[]): Removed {
  graph.outputs = [...outputs];
  return removeDead(graph);
}

/**
 * Gives a value another name, the name that files and sessions know it by.
 *
 * @throws ModelError if another value of the graph has it
 */
export function renameValue(graph: Graph, value: Value, name: string): void {
  for (const other of graph.values()) {
    if (other !== value && other.name === name)
      throw new ModelError(
        `graph "${graph.name}": "${value.name}" cannot be renamed, "${name}" exists already`,
      );
  }
  value.name = name;
}

/**
 * Checks that each node of a graph, and of the graphs inside it, reads only what stands before it, and that the
 * outputs exist.
 *
 * @throws ModelError that names the node and the value
 */
export function checkOrder(graph: Graph, around: ReadonlySet<Value> = new Set()): void {
  const known = new Set([...around, ...graph.inputs, ...graph.initializers]);
  // Sparse initializers are values that only the file's own message defines.
  const sparse = new Set(graph.origin?.sparseInitializer.map((s) => s.values?.name));
  const isKnown = (v: Value) => known.has(v) || (v.producer === null && sparse.has(v.name));
  for (const node of graph.nodes) {
    for (const value of node.inputs)
      if (value !== null && !isKnown(value)) node.fail(`reads "${value.name}" before it is computed`);
    for (const sub of bodiesOf(node)) checkOrder(sub, known);
    for (const value of node.outputs) if (value !== null) known.add(value);
  }
  const lost = graph.outputs.find((v) => !isKnown(v));
  if (lost) throw new ModelError(`graph "${graph.name}": no node computes its output "${lost.name}"`);
}

function* graphsIn(graph: Graph): Generator<Graph> {
  yield graph;
  for (const sub of graph.subgraphs()) yield* graphsIn(sub);
}

function isOutputIn(graph: Graph, value: Value): boolean {
  for (const g of graphsIn(graph)) if (g.outputs.includes(value)) return true;
  return false;
}
