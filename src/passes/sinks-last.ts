import type { Graph } from "../onnx/graph.ts";
import type { Node } from "../onnx/node.ts";

/**
 * Puts the nodes that no other node reads (the last step of each gradient, and of the loss) behind all others, the
 * latest first.
 *
 * ONNX Runtime does not run nodes in the order of the file: it takes the sinks from the last to the first and computes
 * what each needs, depth first. As a backward walk leaves them, the gradient of the first layer is the last sink, so the
 * whole chain of activations' cotangents would be computed, and kept, before the first weight gradient. Reversed, each
 * weight gradient is computed as soon as its cotangent is, which is then freed.
 *
 * Ensures: the same nodes, in an order in which every value is computed before it is read.
 */
export function putSinksLast(graph: Graph): void {
  const isSink = (node: Node) => node.outputs.every((v) => v === null || v.uses.size === 0);
  const sinks = graph.nodes.filter(isSink);
  graph.nodes = [...graph.nodes.filter((n) => !isSink(n)), ...sinks.reverse()];
}
