import type { Graph } from "../../onnx/graph.ts";
import type { Node } from "../../onnx/node.ts";
import type { Value } from "../../onnx/value.ts";
import { byteLengthOf } from "../../tensor/data-type.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { executionOrder } from "./execution-order.ts";

/** A stretch of memory: taken when node number `from` runs, given back after node number `to`. */
export interface Buffer {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

/** Operators whose output is their first input's memory under another shape. */
const VIEWS: ReadonlySet<string> = new Set(["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"]);

/** Operators whose kernel may write over an input of the same size that nobody reads afterwards. */
const IN_PLACE: ReadonlySet<string> = new Set(
  (
    "Add Sub Mul Div Pow Sqrt Reciprocal Neg Abs Exp Log Sign Floor Ceil Round Not " +
    "Relu LeakyRelu Elu Selu Celu ThresholdedRelu Clip Tanh Sigmoid HardSigmoid Softplus Softsign " +
    "Softmax LogSoftmax Cast Dropout"
  ).split(" "),
);

/** What a session takes beside its weights. */
export interface BufferPlan {
  /** Bytes of values that depend on constants alone: computed when the session opens, and kept. */
  readonly kept: number;
  readonly buffers: readonly Buffer[];
}

interface Draft {
  bytes: number;
  /** Dimensions and width of elements: only memory of an equal shape is taken again. */
  shape: string;
  from: number;
  to: number;
}

/**
 * The memory that ONNX Runtime takes for the values of a graph, as its planner lays it out before the first run: views
 * share memory, kernels that can write over their input do, and memory of a dead value of the same size is taken again.
 *
 * @param apart values that lie elsewhere: inputs, and outputs that the caller gives memory for
 */
export function planBuffers(graph: Graph, apart: ReadonlySet<Value>): BufferPlan {
  const { folded, rest } = splitConstant(graph);
  let kept = 0;
  for (const v of folded) if ([...v.uses].some((u) => rest.has(u.node))) kept += bytesOf(v);
  return { kept, buffers: new Planner(graph, rest, apart).run() };
}

/** Values that depend on nothing but constants, and the nodes that compute the others. */
function splitConstant(graph: Graph): { folded: ReadonlySet<Value>; rest: ReadonlySet<Node> } {
  const folded = new Set<Value>();
  const rest = new Set<Node>();
  const isConstant = (v: Value | null) => v === null || v.constant !== null || folded.has(v);
  for (const node of graph.nodes) {
    if (!node.inputs.every(isConstant) || RANDOM.has(node.opType)) rest.add(node);
    else for (const v of node.outputs) if (v !== null) folded.add(v);
  }
  return { folded, rest };
}

const RANDOM: ReadonlySet<string> = new Set(["RandomNormal", "RandomUniform", "Multinomial"]);

function bytesOf({ dtype, dims }: Value): number {
  return byteLengthOf(dtype, sizeOf(dims));
}

class Planner {
  private readonly order: readonly Node[];
  private readonly apart: ReadonlySet<Value>;
  private readonly outputs: ReadonlySet<Value>;
  private readonly buffers: Draft[] = [];
  private readonly bufferOf = new Map<Value, Draft>();
  /** How many reads of a buffer are to come. */
  private readonly pending = new Map<Draft, number>();
  private readonly free: Draft[] = [];

  constructor(graph: Graph, nodes: ReadonlySet<Node>, apart: ReadonlySet<Value>) {
    this.order = executionOrder(graph.nodes.filter((n) => nodes.has(n)));
    this.apart = apart;
    this.outputs = new Set(graph.outputs);
  }

  run(): Buffer[] {
    this.order.forEach((node, step) => {
      for (const v of node.outputs) if (v !== null && !this.apart.has(v)) this.place(node, v, step);
      const read = node.inputs.flatMap((v) => (v === null ? [] : [this.bufferOf.get(v)]));
      for (const buffer of read) if (buffer) this.release(buffer, 1, step);
      for (const v of node.outputs) {
        const buffer = v === null ? undefined : this.bufferOf.get(v);
        if (buffer && v?.uses.size === 0 && !this.outputs.has(v)) this.release(buffer, 0, step);
      }
    });
    for (const v of this.outputs) {
      const buffer = this.bufferOf.get(v);
      if (buffer) buffer.to = this.order.length;
    }
    return this.buffers;
  }

  private place(node: Node, value: Value, step: number): void {
    const buffer = this.outputs.has(value) ? this.fresh(value, step) : this.choose(node, value, step);
    this.bufferOf.set(value, buffer);
    const reads = value.uses.size + (this.outputs.has(value) ? 1 : 0);
    this.pending.set(buffer, (this.pending.get(buffer) ?? 0) + reads);
    buffer.to = Math.max(buffer.to, step);
  }

  private choose(node: Node, value: Value, step: number): Draft {
    const shape = shapeOf(value);
    const [first] = node.inputs;
    const shared = first ? this.bufferOf.get(first) : undefined;
    if (shared && isView(node)) return shared;
    if (IN_PLACE.has(node.opType) && value === node.outputs[0]) {
      for (const input of node.inputs) {
        const buffer = input ? this.bufferOf.get(input) : undefined;
        if (buffer && input && this.pending.get(buffer) === 1 && shapeOf(input) === shape) return buffer;
      }
    }
    const at = this.free.findIndex((b) => b.shape === shape);
    if (at >= 0) return this.free.splice(at, 1)[0]!; // found just above
    return this.fresh(value, step);
  }

  private fresh(value: Value, step: number): Draft {
    const bytes = bytesOf(value);
    const buffer = { bytes, shape: shapeOf(value), from: step, to: step };
    this.buffers.push(buffer);
    return buffer;
  }

  private release(buffer: Draft, reads: number, step: number): void {
    const left = (this.pending.get(buffer) ?? 0) - reads;
    this.pending.set(buffer, left);
    buffer.to = Math.max(buffer.to, step);
    if (left === 0 && !this.free.includes(buffer)) this.free.unshift(buffer);
  }
}

function shapeOf({ dtype, dims }: Value): string {
  return `${byteLengthOf(dtype, 1)}:${dims.join()}`;
}

/** A transposed operand of a matrix product is read as it lies: ONNX Runtime fuses the two. */
function isView(node: Node): boolean {
  if (VIEWS.has(node.opType)) return true;
  if (node.opType !== "Transpose") return false;
  const perm = node.has("perm") ? node.ints("perm") : [];
  const isLastTwo = perm.every((p, i) => (i < perm.length - 2 ? p === i : p === 2 * perm.length - 3 - i));
  const readers = [...(node.outputs[0]?.uses ?? [])];
  return isLastTwo && readers.length > 0 && readers.every((u) => u.node.opType === "MatMul");
}
