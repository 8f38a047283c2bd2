import type { Graph } from "../onnx/graph.ts";
import type { Model } from "../onnx/model.ts";
import type { Node } from "../onnx/node.ts";
import { bodiesOf } from "../onnx/prune.ts";
import type { Value } from "../onnx/value.ts";
import { callFunction } from "../passes/inline-function.ts";
import { storedTensors } from "../passes/parameters.ts";

/** A node that data flows through. */
export interface FlowNode {
  readonly node: Node;
  /** The values it reads that depend on the model's inputs, in order; one may stand twice. */
  readonly reads: readonly Value[];
  readonly outputs: readonly Value[];
  /** The weights that reach it, straight or through nodes that compute with stored values alone. */
  readonly weights: readonly Value[];
  /** Dimensions of the stored tensors it reads, weights or not, in the order of its inputs. */
  readonly stored: readonly (readonly number[])[];
}

/** The part of a model that data flows through: no constants, no arithmetic on shapes, no calls of functions. */
export interface Flow {
  readonly inputs: readonly Value[];
  /** The model's outputs, and what computes them. */
  readonly outputs: readonly { readonly name: string; readonly value: Value }[];
  /** In an order in which every value is computed before it is read. */
  readonly nodes: readonly FlowNode[];
  /** Number of the model's nodes that are not in `nodes`. */
  readonly hidden: number;
}

/** Operators that read the shape of a value, not what it holds. */
const SHAPE_READERS: ReadonlySet<string> = new Set(["Shape", "Size"]);

/** What data flows through in a model. Nodes on which no output depends are left out. */
export function flowOf(model: Model): Flow {
  return new FlowReader(model).read();
}

class FlowReader {
  private readonly model: Model;
  private readonly weights: ReadonlySet<Value>;
  private readonly nodes: FlowNode[] = [];
  /** Values that depend on the inputs. */
  private readonly live = new Set<Value>();
  /** The weights behind a value that does not. */
  private readonly behind = new Map<Value, readonly Value[]>();
  /** What a formal input or output of an inlined function stands for. */
  private readonly alias = new Map<Value, Value>();
  private count = 0;

  constructor(model: Model) {
    this.model = model;
    const stored = storedTensors(model).filter((t) => t.constantBecause === null);
    this.weights = new Set(stored.map((t) => t.value));
  }

  read(): Flow {
    const { graph } = this.model;
    const stored = new Set(graph.initializers);
    const inputs = graph.inputs.filter((v) => !stored.has(v));
    for (const v of inputs) this.live.add(v);
    this.walk(graph.nodes);
    const outputs = graph.outputs
      .map((v) => ({ name: v.name, value: this.resolve(v) }))
      .filter(({ value }) => this.live.has(value));
    const nodes = needed(
      this.nodes,
      outputs.map((o) => o.value),
    );
    return { inputs, outputs, nodes, hidden: this.count - nodes.length };
  }

  private resolve(v: Value): Value {
    let found = v;
    for (let next = this.alias.get(v); next !== undefined; next = this.alias.get(next)) found = next;
    return found;
  }

  private walk(nodes: readonly Node[]): void {
    for (const node of nodes) {
      const call = callFunction(this.model, node);
      if (!call) {
        this.visit(node);
        continue;
      }
      call.body.inputs.forEach((formal, i) => {
        const actual = node.inputs[i];
        if (actual) this.alias.set(formal, this.resolve(actual));
      });
      this.walk(call.body.nodes);
      call.body.outputs.forEach((formal, i) => {
        const target = node.outputs[i];
        if (target) this.alias.set(target, this.resolve(formal));
      });
    }
  }

  private visit(node: Node): void {
    this.count++;
    const outputs = node.outputs.filter((v) => v !== null);
    const operands = [...operandsOf(node)].map((v) => this.resolve(v));
    const reads = operands.filter((v) => this.live.has(v));
    const weights = [...new Set([...operands, ...outputs].flatMap((v) => this.weightsOf(v)))];
    if (reads.length === 0 || SHAPE_READERS.has(node.opType)) {
      for (const v of outputs) this.behind.set(v, weights);
      return;
    }
    for (const v of outputs) this.live.add(v);
    const stored = operands.flatMap((v) => (v.constant && !this.live.has(v) ? [v.constant.dims] : []));
    this.nodes.push({ node, reads, outputs, weights, stored });
  }

  private weightsOf(v: Value): readonly Value[] {
    return this.weights.has(v) ? [v] : (this.behind.get(v) ?? []);
  }
}

/** What a node reads: its inputs, and what the graphs in its attributes read of the graphs around them. */
function* operandsOf(node: Node): Generator<Value> {
  for (const v of node.inputs) if (v !== null) yield v;
  for (const body of bodiesOf(node)) yield* readInside(body);
}

function* readInside(body: Graph): Generator<Value> {
  const own = new Set(body.values());
  for (const v of body.initializers) yield v;
  for (const node of body.nodes) for (const v of operandsOf(node)) if (!own.has(v)) yield v;
  for (const v of body.outputs) if (!own.has(v)) yield v;
}

function needed(nodes: readonly FlowNode[], outputs: readonly Value[]): FlowNode[] {
  const wanted = new Set(outputs);
  const kept = [...nodes].reverse().filter((n) => {
    if (!n.outputs.some((v) => wanted.has(v))) return false;
    for (const v of n.reads) wanted.add(v);
    return true;
  });
  return kept.reverse();
}
