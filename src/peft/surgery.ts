import type { Attribute, AttributeInit } from "../onnx/attribute.ts";
import type { Graph } from "../onnx/graph.ts";
import { type Model, nodeOpset } from "../onnx/model.ts";
import { Node, type NodeInit } from "../onnx/node.ts";
import { Value } from "../onnx/value.ts";
import { type DataType, dataTypes } from "../tensor/data-type.ts";
import { int64s, type Tensor, tensor } from "../tensor/tensor.ts";

/** Appends nodes at one place of a graph. */
export interface Place {
  /** A node with one output. */
  op(opType: string, inputs: readonly Value[], attributes?: Readonly<Record<string, AttributeInit>>): Value;
  /** A layer's product once more, of another input and without its bias. */
  again(node: Node, input: Value): Value;
  /** A stored tensor. */
  store(name: string, content: Tensor): Value;
  /** `a` in another type; itself if it has it. */
  cast(a: Value, from: DataType, to: DataType): Value;
  /** `a` times a plain number. @param dtype of `a`; float32 if left out */
  scale(a: Value, factor: number, dtype?: DataType): Value;
  /** Exchanges the axes of a matrix. */
  transpose(a: Value): Value;
  /** The sum over axes of `a`, which fall away. */
  sumOver(a: Value, axes: readonly number[]): Value;
  /** The entries of `a` along an axis from `start` up to `end`; to the last for null. */
  slice(a: Value, axis: number, start: number, end: number | null): Value;
  /** A stored vector of int64. */
  ints(values: readonly number[]): Value;
  /** `a` with its elements in another shape. */
  reshape(a: Value, dims: readonly number[]): Value;
  /** Makes every reader of `value` but the nodes of this place read `by`, which takes its name where the graph gives it out. */
  replace(value: Value, by: Value): void;
}

/** Slice's word for the last entry of any axis that fits in memory. */
const END = 2 ** 31 - 1;

/** Edits of a loaded model's graph that can be taken back, to the last name. */
export class Surgery {
  readonly graph: Graph;
  private readonly model: Model;
  private readonly names: Set<string>;
  private readonly scalars = new Map<number, Value>();
  private readonly undoing: (() => void)[] = [];

  constructor(model: Model) {
    this.graph = model.graph;
    this.model = model;
    this.names = new Set([...model.graph.values()].map((v) => v.name));
  }

  /** Stores a tensor in the graph, under this name if it is free. */
  store(name: string, content: Tensor): Value {
    const value = new Value(this.fresh(name), { dtype: content.dtype, dims: content.dims });
    value.constant = content;
    this.graph.initializers.push(value);
    this.undoing.push(() => {
      this.graph.initializers = this.graph.initializers.filter((v) => v !== value);
    });
    return value;
  }

  /** @param prefix names of the new nodes and values begin with it */
  after(node: Node, prefix: string): Place {
    let last = node;
    return this.place(prefix, nodeOpset(this.model, node), (added) => {
      this.graph.nodes.splice(this.graph.nodes.indexOf(last) + 1, 0, added);
      last = added;
    });
  }

  before(node: Node, prefix: string): Place {
    return this.place(prefix, nodeOpset(this.model, node), (added) => {
      this.graph.nodes.splice(this.graph.nodes.indexOf(node), 0, added);
    });
  }

  private place(prefix: string, opset: number, insert: (node: Node) => void): Place {
    const own = new Set<Node>();
    const add = (opType: string, inputs: readonly (Value | null)[], how: NodeInit = {}): Value => {
      const name = this.fresh(`${prefix}/${opType}`);
      const node = new Node(opType, inputs, [new Value(`${name}_out`)], { ...how, name });
      this.names.add(`${name}_out`);
      insert(node);
      own.add(node);
      this.undoing.push(() => {
        node.detach();
        this.graph.nodes = this.graph.nodes.filter((n) => n !== node);
      });
      return node.output();
    };
    const op: Place["op"] = (opType, inputs, attributes = {}) => add(opType, inputs, { attributes });
    return {
      op,
      again: ({ opType, domain, inputs, attributes }, input) =>
        add(opType, [input, ...inputs.slice(1, opType === "MatMulNBits" ? 5 : 2)], {
          domain,
          attributes: Object.fromEntries(attributes) as Record<string, Attribute>,
        }),
      store: (name, content) => this.store(`${prefix}/${name}`, content),
      cast: (a, from, to) => (from === to ? a : op("Cast", [a], { to: dataTypes[to].code })),
      scale: (a, factor, dtype = "float32") => {
        if (factor === 1) return a;
        const scalar = this.scalar(factor);
        return op("Mul", [
          a,
          dtype === "float32" ? scalar : op("Cast", [scalar], { to: dataTypes[dtype].code }),
        ]);
      },
      transpose: (a) => op("Transpose", [a], { perm: [1, 0] }),
      sumOver: (a, axes) =>
        opset >= 13
          ? op("ReduceSum", [a, this.store(`${prefix}/axes`, int64s(axes))], { keepdims: 0 })
          : op("ReduceSum", [a], { axes, keepdims: 0 }),
      slice: (a, axis, start, end) =>
        op("Slice", [a, ...[start, end ?? END, axis].map((v) => this.store(`${prefix}/slice`, int64s([v])))]),
      ints: (values) => this.store(`${prefix}/ints`, int64s(values)),
      reshape: (a, dims) => op("Reshape", [a, this.store(`${prefix}/shape`, int64s(dims))]),
      replace: (value, by) => this.replace(value, by, own),
    };
  }

  private scalar(value: number): Value {
    const known = this.scalars.get(value);
    if (known) return known;
    const stored = this.store(`peft/${value}`, tensor("float32", [], Float32Array.of(value)));
    this.scalars.set(value, stored);
    return stored;
  }

  private replace(value: Value, by: Value, except: ReadonlySet<Node>): void {
    for (const { node, index } of [...value.uses]) if (!except.has(node)) this.redirect(node, index, by);
    if (!this.graph.outputs.includes(value)) return;
    const [outputs, name, byName] = [this.graph.outputs, value.name, by.name];
    this.graph.outputs = outputs.map((v) => (v === value ? by : v));
    value.name = this.fresh(`${name}_before`);
    by.name = name;
    by.declared = value.declared;
    this.undoing.push(() => {
      this.graph.outputs = outputs;
      by.name = byName;
      value.name = name;
    });
  }

  /** Makes one input of a node read another value. */
  redirect(node: Node, index: number, by: Value): void {
    const before = node.inputs[index] ?? null;
    node.setInput(index, by);
    this.undoing.push(() => node.setInput(index, before));
  }

  /** Leaves out what the file states of the shapes between inputs and outputs: ONNX Runtime plans its memory by them. */
  forgetShapes(): void {
    const outputs = new Set(this.graph.outputs);
    for (const value of this.graph.nodes.flatMap((node) => node.outputs)) {
      if (value === null || value.declared === null || outputs.has(value)) continue;
      const { declared } = value;
      value.declared = null;
      this.undoing.push(() => {
        value.declared = declared;
      });
    }
  }

  /** Takes everything back; the graph is then what it was. */
  undo(): void {
    for (const step of this.undoing.reverse()) step();
    this.undoing.length = 0;
    this.scalars.clear();
  }

  private fresh(name: string): string {
    let unique = name;
    for (let i = 1; this.names.has(unique); i++) unique = `${name}_${i}`;
    this.names.add(unique);
    return unique;
  }
}
