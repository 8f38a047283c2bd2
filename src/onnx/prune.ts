import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import type { Value } from "./value.ts";

/**
 * Takes out nodes and initializers that no output depends on.
 *
 * Requires: nodes in order. Ensures: the same outputs; inputs are kept, read or not.
 */
export function prune(graph: Graph): void {
  const { nodes, values } = dependencies(graph, graph.outputs);
  for (const node of graph.nodes) if (!nodes.has(node)) detachAll(node);
  graph.nodes = graph.nodes.filter((n) => nodes.has(n));
  graph.initializers = graph.initializers.filter((v) => values.has(v));
}

/** Makes a node, and the nodes of the graphs it holds, forget their inputs. */
export function detachAll(node: Node): void {
  node.detach();
  for (const body of bodiesOf(node)) for (const inner of body.nodes) detachAll(inner);
}

/** The graphs in a node's attributes. */
export function* bodiesOf(node: Node): Generator<Graph> {
  for (const attribute of node.attributes.values()) {
    if (attribute.kind === "graph") yield attribute.value;
    if (attribute.kind === "graphs") yield* attribute.value;
  }
}

/** Nodes and values that `outputs` depend on, outer values read by subgraphs included. */
export function dependencies(
  graph: Graph,
  outputs: readonly Value[],
): { nodes: ReadonlySet<Node>; values: ReadonlySet<Value> } {
  const values = new Set(outputs);
  const nodes = new Set<Node>();
  const readBy = (node: Node) => {
    for (const input of node.inputs) if (input !== null) values.add(input);
    for (const body of bodiesOf(node)) {
      for (const v of body.outputs) values.add(v);
      for (const inner of body.nodes) readBy(inner);
    }
  };
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!; // i runs over the list
    if (!node.outputs.some((v) => v !== null && values.has(v))) continue;
    nodes.add(node);
    readBy(node);
  }
  return { nodes, values };
}
