import type { AttributeInit } from "../onnx/attribute.ts";
import { float } from "../onnx/attribute.ts";
import type { Graph } from "../onnx/graph.ts";
import { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import { Value } from "../onnx/value.ts";
import { type DataType, dataTypes, isFloat } from "../tensor/data-type.ts";
import { floatToBfloat16, floatToHalf } from "../tensor/half.ts";
import { broadcastShapes, type Shape, shapesEqual, sizeOf } from "../tensor/shape.ts";
import { int64s, scalar, type Tensor } from "../tensor/tensor.ts";

export type Attributes = Readonly<Record<string, AttributeInit>>;

export interface OpBuilderOptions {
  /** Version of ai.onnx that the nodes are written in. */
  readonly opset: number;
  /** Types of a node's outputs, from those of its inputs. */
  readonly infer: (node: Node, opset: number) => readonly TensorType[];
  /** Told of each node as it is appended. */
  readonly onNode?: (node: Node) => void;
}

/**
 * Appends nodes to a graph; each is typed at once, so that whoever builds may ask any value for its shape.
 * The named methods leave out what changes nothing: a reshape to the same shape, a sum over no axes.
 */
export class OpBuilder {
  readonly graph: Graph;
  readonly opset: number;
  private readonly options: OpBuilderOptions;
  private readonly shared = new Map<string, Value>();

  constructor(graph: Graph, options: OpBuilderOptions) {
    this.graph = graph;
    this.opset = options.opset;
    this.options = options;
  }

  /** Appends a node with one output. */
  op(opType: string, inputs: readonly (Value | null)[], attributes: Attributes = {}, domain = ""): Value {
    return this.ops(opType, inputs, 1, attributes, domain)[0]!;
  }

  /** Appends a node with several outputs. */
  ops(
    opType: string,
    inputs: readonly (Value | null)[],
    outputs: number,
    attributes: Attributes = {},
    domain = "",
  ): Value[] {
    const node = new Node(opType, inputs, outputs, { domain, attributes });
    this.append(node);
    return node.outputs as Value[]; // a node made with a count of outputs has them all
  }

  /** Appends a node that exists already, and types its outputs. */
  append(node: Node): void {
    this.typeOutputs(node);
    this.graph.nodes.push(node);
    this.options.onNode?.(node);
  }

  private typeOutputs(node: Node): void {
    const types = this.options.infer(node, this.opset);
    node.outputs.forEach((value, i) => {
      if (value === null) return;
      value.type =
        types[i] ?? node.fail(`has no type for output ${i}: the operator has only ${types.length}`);
    });
  }

  /** Output `i` of a node of this graph; the node computes it from now on if it left this optional output out. */
  optionalOutput(node: Node, i: number): Value {
    const value = node.ensureOutput(i);
    if (!value.isTyped) this.typeOutputs(node);
    return value;
  }

  /** A constant, stored as an initializer. */
  constant(tensor: Tensor, name = ""): Value {
    const value = new Value(name, { dtype: tensor.dtype, dims: tensor.dims });
    value.constant = tensor;
    this.graph.initializers.push(value);
    return value;
  }

  /** A constant int64 vector [N]; equal ones are shared. */
  ints(values: readonly number[]): Value {
    return this.share(`i:${values.join(",")}`, () => int64s(values));
  }

  /** A constant scalar; equal ones are shared. Half floats are rounded to nearest. */
  scalar(value: number, dtype: DataType): Value {
    return this.share(`${dtype}:${Object.is(value, -0) ? "-0" : value}`, () => {
      if (dtype === "string") throw new TypeError("internal: scalar() of strings");
      if (dtype === "float16") return scalar(dtype, floatToHalf(value));
      if (dtype === "bfloat16") return scalar(dtype, floatToBfloat16(value));
      return scalar(dtype, value);
    });
  }

  /** Forgets shared constants that are no longer in the graph, so that whoever asks for them again gets new ones. */
  forgetRemoved(): void {
    const present = new Set(this.graph.initializers);
    for (const [key, value] of this.shared) if (!present.has(value)) this.shared.delete(key);
  }

  private share(key: string, make: () => Tensor): Value {
    let value = this.shared.get(key);
    if (!value) {
      value = this.constant(make());
      this.shared.set(key, value);
    }
    return value;
  }

  /** A tensor filled with one number. */
  full(dims: Shape, value: number, dtype: DataType): Value {
    return dims.length === 0
      ? this.scalar(value, dtype)
      : this.op("Expand", [this.scalar(value, dtype), this.ints(dims)]);
  }

  zerosLike(value: Value): Value {
    return this.full(value.dims, 0, value.dtype);
  }

  add(a: Value, c: Value): Value {
    return this.elementwise("Add", [a, c]);
  }

  sub(a: Value, c: Value): Value {
    return this.elementwise("Sub", [a, c]);
  }

  mul(a: Value, c: Value): Value {
    return this.elementwise("Mul", [a, c]);
  }

  div(a: Value, c: Value): Value {
    return this.elementwise("Div", [a, c]);
  }

  neg(a: Value): Value {
    return this.elementwise("Neg", [a]);
  }

  /**
   * An operator that acts element by element and broadcasts. An Expand before it is put behind it, where it mostly
   * vanishes: the derivative of a mean is one number per row, and meets a whole row only in the next product.
   */
  private elementwise(opType: string, inputs: readonly Value[]): Value {
    const dims = broadcastShapes(...inputs.map((v) => v.dims));
    const result = this.op(opType, inputs.map(unexpanded));
    return dims === null ? result : this.expand(result, dims);
  }

  /** `a` times a plain number. */
  scale(a: Value, factor: number): Value {
    return factor === 1 ? a : this.mul(a, this.scalar(factor, a.dtype));
  }

  /** `a` plus a plain number. */
  shift(a: Value, term: number): Value {
    return term === 0 ? a : this.add(a, this.scalar(term, a.dtype));
  }

  matmul(a: Value, c: Value): Value {
    return this.op("MatMul", [a, c]);
  }

  /** Gemm without a bias: op(a) · op(c) for matrices [M, K], [K, N]. */
  gemm(a: Value, c: Value, transpose: { a?: boolean; b?: boolean } = {}): Value {
    return this.op("Gemm", [a, c], {
      transA: transpose.a ? 1 : 0,
      transB: transpose.b ? 1 : 0,
      alpha: float(1),
      beta: float(1),
    });
  }

  where(condition: Value, yes: Value, no: Value): Value {
    return this.elementwise("Where", [condition, yes, no]);
  }

  cast(a: Value, dtype: DataType): Value {
    return a.dtype === dtype ? a : this.op("Cast", [a], { to: dataTypes[dtype].code });
  }

  /** The same elements in another shape; of several reshapes only the last is kept. */
  reshape(a: Value, dims: Shape): Value {
    if (shapesEqual(a.dims, dims)) return a;
    if (isFrom("Reshape", a)) return this.reshape(a.producer.input(0), dims);
    // allowzero: a dimension of 0 is meant as it stands.
    return this.op("Reshape", [a, this.ints(dims)], sizeOf(dims) === 0 ? { allowzero: 1 } : {});
  }

  transpose(a: Value, perm: readonly number[]): Value {
    return perm.every((p, i) => p === i) ? a : this.op("Transpose", [a], { perm });
  }

  /** Exchanges the last two axes. */
  transposeLast(a: Value): Value {
    const perm = a.dims.map((_, i) => i);
    perm.push(...perm.splice(-2).reverse());
    return this.transpose(a, perm);
  }

  expand(a: Value, dims: Shape): Value {
    return shapesEqual(a.dims, dims) ? a : this.op("Expand", [a, this.ints(dims)]);
  }

  squeeze(a: Value, axes: readonly number[]): Value {
    return axes.length === 0 ? a : this.op("Squeeze", [a, this.ints(axes)]);
  }

  unsqueeze(a: Value, axes: readonly number[]): Value {
    return axes.length === 0 ? a : this.op("Unsqueeze", [a, this.ints(axes)]);
  }

  reduceSum(a: Value, axes: readonly number[], keepdims: boolean): Value {
    return this.reduce("ReduceSum", a, axes, keepdims);
  }

  reduceMean(a: Value, axes: readonly number[], keepdims: boolean): Value {
    return this.reduce("ReduceMean", a, axes, keepdims);
  }

  reduceMax(a: Value, axes: readonly number[], keepdims: boolean): Value {
    return this.reduce("ReduceMax", a, axes, keepdims);
  }

  /** A reduction with its axes as an input; over no axes it gives `a` itself. */
  reduce(opType: string, a: Value, axes: readonly number[], keepdims: boolean): Value {
    return axes.length === 0 ? a : this.op(opType, [a, this.ints(axes)], { keepdims: keepdims ? 1 : 0 });
  }

  /** Slice with constant bounds. */
  slice(
    a: Value,
    bounds: {
      starts: readonly number[];
      ends: readonly number[];
      axes: readonly number[];
      steps?: readonly number[];
    },
  ): Value {
    return this.op("Slice", [
      a,
      this.ints(bounds.starts),
      this.ints(bounds.ends),
      this.ints(bounds.axes),
      this.ints(bounds.steps ?? bounds.axes.map(() => 1)),
    ]);
  }

  /** Zero padding. `begin` and `end` have one entry per axis; negative entries crop. */
  pad(a: Value, begin: readonly number[], end: readonly number[]): Value {
    if ([...begin, ...end].every((p) => p === 0)) return a;
    return this.op("Pad", [a, this.ints([...begin, ...end]), this.scalar(0, a.dtype)], { mode: "constant" });
  }

  concat(values: readonly Value[], axis: number): Value {
    return values.length === 1 ? values[0]! : this.op("Concat", values, { axis });
  }

  /** The sum of cotangents; null if there is none. */
  sum(values: readonly (Value | null)[]): Value | null {
    let total: Value | null = null;
    for (const v of values) if (v !== null) total = total === null ? v : this.add(total, v);
    return total;
  }

  /** Sums a cotangent over the axes along which an input of shape `dims` was broadcast. */
  unbroadcast(ct: Value, dims: Shape): Value {
    const lead = ct.dims.length - dims.length;
    const axes = ct.dims
      .map((_, i) => i)
      .filter((i) => i < lead || (dims[i - lead] === 1 && ct.dims[i] !== 1));
    if (axes.length === 0) return this.reshape(ct, dims);
    return this.reshape(this.sumLeading(ct, axes) ?? this.reduceSum(ct, axes, false), dims);
  }

  /**
   * The sum over the leading axes as ones(1, n) · ct: up to twice as fast as ReduceSum on the CPU provider.
   *
   * @returns null if `axes` are not the leading ones, or the dtype has no matrix product
   */
  private sumLeading(ct: Value, axes: readonly number[]): Value | null {
    const isLeading = axes.every((axis, i) => axis === i) && axes.length < ct.dims.length;
    if (!isLeading || !isFloat(ct.dtype)) return null;
    const rows = sizeOf(ct.dims.slice(0, axes.length));
    const columns = sizeOf(ct.dims.slice(axes.length));
    if (rows < 2 || columns < 2) return null;
    return this.matmul(this.full([1, rows], 1, ct.dtype), this.reshape(ct, [rows, columns]));
  }
}

function isFrom(opType: string, value: Value): value is Value & { producer: Node } {
  return value.producer?.opType === opType && value.producer.domain === "";
}

/** What an Expand was given, or the value itself. */
function unexpanded(value: Value): Value {
  return isFrom("Expand", value) ? unexpanded(value.producer.input(0)) : value;
}
