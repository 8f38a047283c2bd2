import type { Node } from "../../onnx/node.ts";

/**
 * Nodes in the order in which ONNX Runtime runs them, which is not that of the file: a walk from the
 * nodes that no other node reads, the last one first, depth first to what each reads, of that the latest in the file
 * first; a node runs when all that it reads has run. (`Graph::ReverseDFSFrom` with `NodeCompare`, as `GraphViewer` calls it.)
 */
export function executionOrder(nodes: readonly Node[]): Node[] {
  const index = new Map<Node, number>(nodes.map((n, i) => [n, i]));
  const isRead = new Set<Node>();
  for (const node of nodes)
    for (const v of node.inputs) if (v?.producer && index.has(v.producer)) isRead.add(v.producer);
  const order: Node[] = [];
  const visited = new Set<Node>();
  const stack: { node: Node; leave: boolean }[] = nodes
    .filter((n) => !isRead.has(n))
    .map((node) => ({ node, leave: false }));
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, leave } = top;
    if (leave) order.push(node);
    if (leave || visited.has(node)) continue;
    visited.add(node);
    stack.push({ node, leave: true });
    const before = new Set(
      node.inputs.flatMap((v) => (v?.producer && index.has(v.producer) ? [v.producer] : [])),
    );
    const sorted = [...before].sort((a, b) => index.get(a)! - index.get(b)!); // filtered by `index` just above
    for (const n of sorted) if (!visited.has(n)) stack.push({ node: n, leave: false });
  }
  return order;
}
