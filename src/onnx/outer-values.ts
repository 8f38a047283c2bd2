import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import { bodiesOf } from "./prune.ts";
import type { Value } from "./value.ts";

/** Values that a body, or a body inside it, reads or gives of the graphs around it. */
export function outerValues(body: Graph): ReadonlySet<Value> {
  const own = new Set<Value>();
  const read = new Set<Value>();
  const visit = (graph: Graph): void => {
    for (const value of [...graph.inputs, ...graph.initializers]) own.add(value);
    for (const node of graph.nodes) visitNode(node);
    for (const value of graph.outputs) read.add(value);
  };
  const visitNode = (node: Node): void => {
    for (const value of node.inputs) if (value !== null) read.add(value);
    for (const inner of bodiesOf(node)) visit(inner);
    for (const value of node.outputs) if (value !== null) own.add(value);
  };
  visit(body);
  for (const value of own) read.delete(value);
  return read;
}
