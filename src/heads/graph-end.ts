import { ModelError } from "../errors.ts";
import { type AttributeInit, float } from "../onnx/attribute.ts";
import { cutAt } from "../onnx/edit.ts";
import { type Model, opsetOf } from "../onnx/model.ts";
import { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import { Value } from "../onnx/value.ts";
import { dataTypes } from "../tensor/data-type.ts";
import { int64s, type Tensor, tensor } from "../tensor/tensor.ts";

export type Attributes = Readonly<Record<string, AttributeInit>>;

/** Puts nodes behind those of a graph, in whatever version of the operator set its file has. */
export interface Appender {
  readonly opset: number;
  /** Appends a node with one output, under a fresh name. */
  append(opType: string, inputs: readonly (Value | null)[], name: string, attributes?: Attributes): Value;
  /** Stores a tensor under a fresh name. */
  store(tensor: Tensor, name: string): Value;
  /** A stored float32 number. */
  scalar(value: number, name: string): Value;
}

/** Where a graph was cut and a new end is put on it. */
export interface GraphEnd extends Appender {
  /** The value that the graph was cut at, as float32. */
  readonly feature: Value;
  /** Makes a value the graph's only output, under a name that is free if it can be. */
  finish(value: Value, name: string, dims: readonly (number | string | null)[]): void;
}

/** What a new end is put on. */
export interface EndOptions {
  readonly feature: Value;
  /** Its type for concrete input shapes. */
  readonly type: TensorType;
  /** An input that the new end may read, though the model may not read it once its old outputs are gone. */
  readonly mask?: Value;
  /** Further values that the new end reads. */
  readonly kept?: readonly Value[];
}

/**
 * Cuts a model at a value: its outputs go, and what only they needed. Names that went with them are free, so that a model
 * whose output was "logits" can have an output "logits" again.
 *
 * @throws ModelError if the value is no float
 */
export function openEnd(model: Model, { feature, type, mask, kept = [] }: EndOptions): GraphEnd {
  const isHalf = type.dtype === "float16" || type.dtype === "bfloat16";
  if (type.dtype !== "float32" && !isHalf) {
    throw new ModelError(
      `a new head needs a feature of float32, float16 or bfloat16; "${feature.name}" is ${type.dtype}`,
    );
  }
  const { graph } = model;
  cutAt(graph, [feature, ...kept]);
  const { fresh, ...appender } = appenderOf(model);
  return {
    ...appender,
    feature: isHalf
      ? appender.append("Cast", [feature], "head_cast", { to: dataTypes.float32.code })
      : feature,
    finish(value, name, dims) {
      value.name = fresh(name);
      value.declared = { dtype: "float32", dims };
      graph.outputs = [value];
      if (mask && mask.uses.size > 0 && !graph.inputs.includes(mask)) graph.inputs.push(mask);
    },
  };
}

/** @returns what puts nodes behind those of the model's graph, and `fresh`, which makes a name unique in it */
export function appenderOf(model: Model): Appender & { fresh(name: string): string } {
  const { graph } = model;
  const names = new Set([...graph.values()].map((v) => v.name));
  const fresh = (name: string) => {
    let unique = name;
    for (let i = 1; names.has(unique); i++) unique = `${name}_${i}`;
    names.add(unique);
    return unique;
  };
  const append: Appender["append"] = (opType, inputs, name, attributes = {}) => {
    const node = new Node(opType, inputs, [new Value(fresh(`${name}_out`))], {
      name: fresh(name),
      attributes,
    });
    graph.nodes.push(node);
    return node.output();
  };
  const store: Appender["store"] = (t, name) => {
    const value = new Value(fresh(name), { dtype: t.dtype, dims: t.dims });
    value.constant = t;
    graph.initializers.push(value);
    return value;
  };
  return {
    opset: opsetOf(model) ?? 1,
    fresh,
    append,
    store,
    scalar: (value, name) => store(tensor("float32", [1], Float32Array.of(value)), name),
  };
}

/** Over one axis; axes are an input from opset 13 (ReduceSum) or 18 on. */
export function reduce(
  { opset, append, store }: Appender,
  opType: "ReduceSum" | "ReduceMean" | "ReduceMax",
  value: Value,
  { axis, keepdims = 0 }: { readonly axis: number; readonly keepdims?: 0 | 1 },
): Value {
  const since = opType === "ReduceSum" ? 13 : 18;
  return opset >= since
    ? append(opType, [value, store(int64s([axis]), "head.axes")], "head_pool", { keepdims })
    : append(opType, [value], "head_pool", { axes: [axis], keepdims });
}

/** [B, D] · weightᵀ + bias for a weight [N, D]. */
export function gemm({ append }: Appender, x: Value, weight: Value, bias: Value, name: string): Value {
  return append("Gemm", [x, weight, bias], name, { transB: 1, alpha: float(1), beta: float(1) });
}
