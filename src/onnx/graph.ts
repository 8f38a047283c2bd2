import type { Node } from "./node.ts";
import type { GraphProto } from "./proto/onnx-ml_pb.ts";
import type { Value } from "./value.ts";

/**
 * Nodes in an order in which every value is computed before it is read, with the graph's inputs, outputs and
 * initializers. A subgraph (the body of If, Loop, Scan) may read values of the graphs around it, by identity.
 */
export class Graph {
  name: string;
  /** Inputs in the order of the file. An input that is also an initializer has a default value. */
  inputs: Value[] = [];
  outputs: Value[] = [];
  /** Values with a `constant` that the file stores, in its order. */
  initializers: Value[] = [];
  nodes: Node[] = [];
  /** The message this graph was read from; keeps what the IR does not model. */
  origin: GraphProto | null = null;

  constructor(name = "") {
    this.name = name;
  }

  /** Every value of this graph (not of its subgraphs), each once. */
  *values(): Generator<Value> {
    const seen = new Set<Value>();
    const once = function* (values: Iterable<Value | null>): Generator<Value> {
      for (const v of values) {
        if (v === null || seen.has(v)) continue;
        seen.add(v);
        yield v;
      }
    };
    yield* once(this.inputs);
    yield* once(this.initializers);
    for (const node of this.nodes) yield* once(node.outputs);
    yield* once(this.outputs);
  }

  /** Graphs held by the attributes of this graph's nodes, one level down. */
  *subgraphs(): Generator<Graph> {
    for (const node of this.nodes) {
      for (const attribute of node.attributes.values()) {
        if (attribute.kind === "graph") yield attribute.value;
        if (attribute.kind === "graphs") yield* attribute.value;
      }
    }
  }
}
