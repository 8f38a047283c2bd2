import type { GraphProto, NodeProto } from "./proto/onnx-ml_pb.ts";

/**
 * Nodes in an order in which every value is computed before it is read: the file's own order wherever it is one. ONNX asks
 * files for that, some tools write them otherwise, and ONNX Runtime takes them all.
 *
 * Of a cycle one node comes too early, and whoever reads it meets what is wrong.
 */
export function inOrder(nodes: readonly NodeProto[]): readonly NodeProto[] {
  const producerOf = new Map<string, number>();
  for (const [i, node] of nodes.entries())
    for (const name of node.output) if (name !== "") producerOf.set(name, i);
  const needs = nodes.map((node, i) => [
    ...new Set(
      namesReadBy(node).flatMap((name) => {
        const producer = producerOf.get(name);
        return producer === undefined || producer === i ? [] : [producer];
      }),
    ),
  ]);
  if (needs.every((list, i) => list.every((producer) => producer < i))) return nodes;
  return depthFirst(needs).map((i) => nodes[i]!); // indices of the nodes
}

/** Every index once, those that it needs before it; without recursion, since chains may be long. */
function depthFirst(needs: readonly (readonly number[])[]): number[] {
  const order: number[] = [];
  const seen = new Set<number>();
  for (const root of needs.keys()) {
    const path = [{ index: root, next: 0 }];
    if (seen.has(root)) continue;
    seen.add(root);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const wanted = needs[top.index]![top.next++]; // an index of the list
      if (wanted === undefined) {
        order.push(top.index);
        path.pop();
      } else if (!seen.has(wanted)) {
        seen.add(wanted);
        path.push({ index: wanted, next: 0 });
      }
    }
  }
  return order;
}

/** Names that a node reads, those that its subgraphs may read from outside included. */
function namesReadBy(node: NodeProto): string[] {
  const graphs = node.attribute.flatMap((a) => [...(a.g ? [a.g] : []), ...a.graphs]);
  return [...node.input, ...graphs.flatMap(namesFromOutside)];
}

function namesFromOutside(graph: GraphProto): string[] {
  const own = new Set([
    ...graph.input.map((v) => v.name),
    ...graph.initializer.map((t) => t.name),
    ...graph.node.flatMap((n) => n.output),
  ]);
  const read = [...graph.node.flatMap(namesReadBy), ...graph.output.map((v) => v.name)];
  return read.filter((name) => !own.has(name));
}
