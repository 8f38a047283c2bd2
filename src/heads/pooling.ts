import { ConfigError, ModelError } from "../errors.ts";
import type { AttributeInit } from "../onnx/attribute.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { int64s, type Tensor, tensor } from "../tensor/tensor.ts";

export type Pooling = "auto" | "mean" | "max" | "first" | "none";

export interface PoolingOptions {
  /** float [B, D], [B, T, D] (a sequence) or [B, D, H, W, …] (a map). */
  readonly feature: Value;
  readonly type: TensorType;
  readonly pooling: Pooling;
  /** Integer [B, T]: which positions of a sequence count. */
  readonly mask?: Value;
}

export type Append = (
  opType: string,
  inputs: readonly Value[],
  name: string,
  attributes: Record<string, AttributeInit>,
) => Value;
export type Store = (t: Tensor, name: string) => Value;

/**
 * Appends the pooling of a feature to one vector [B, D] for each example.
 *
 * @throws ModelError if there is no batch axis; ConfigError for a pooling that needs a sequence
 */
export function pool(
  options: PoolingOptions,
  opset: number,
  append: Append,
  store: Store,
): { vector: Value; width: number; pooled: string } {
  const { feature, pooling } = options;
  const { dims } = options.type;
  const rank = dims.length;
  const flat = (value: Value) => flatten(append, value);
  if (rank < 2)
    throw new ModelError(`"${feature.name}" has shape [${dims}]: a head needs a batch axis and features`);
  if (pooling === "none" || rank === 2) {
    const width = dims.slice(1).reduce((a, d) => a * d, 1);
    return { vector: rank === 2 ? feature : flat(feature), width, pooled: rank === 2 ? "none" : "flattened" };
  }
  const way = pooling === "auto" ? "mean" : pooling;
  if (rank === 3) return { ...poolSequence(options, way, { opset, append, store }), width: dims[2]! }; // the rank was just checked
  if (way === "first")
    throw new ConfigError(`head.pooling "first" needs a sequence; "${feature.name}" has shape [${dims}]`);
  const opType = way === "mean" ? "GlobalAveragePool" : "GlobalMaxPool";
  const width = dims[1]!; // the rank was just checked
  return {
    vector: flat(append(opType, [feature], "head_pool", {})),
    width,
    pooled: `${way} over ${dims.slice(2).join("×")}`,
  };
}

interface Build {
  readonly opset: number;
  readonly append: Append;
  readonly store: Store;
}

function flatten(append: Append, value: Value): Value {
  return append("Flatten", [value], "head_flatten", { axis: 1 });
}

/** A sequence [B, T, D] to [B, D]. */
function poolSequence(
  { feature, type, mask }: PoolingOptions,
  way: "mean" | "max" | "first",
  build: Build,
): { vector: Value; pooled: string } {
  const { append, store } = build;
  const positions = `${type.dims[1]} positions`;
  if (way === "first") {
    const index = store(int64s([0]), "head.first");
    const first = append("Gather", [feature, index], "head_pool", { axis: 1 });
    return { vector: flatten(append, first), pooled: `first of ${positions}` };
  }
  const opType = way === "mean" ? "ReduceMean" : "ReduceMax";
  if (!mask) return { vector: reduce(build, opType, feature, 0), pooled: `${way} over ${positions}` };
  const weight = unsqueeze(build, append("Cast", [mask], "head_mask", { to: FLOAT }));
  const scalar = (value: number, name: string) => store(tensor("float32", [1], Float32Array.of(value)), name);
  const pooled = `${way} over those of ${positions} that "${mask.name}" counts`;
  if (way === "max") {
    // What does not count is pushed below whatever a network computes.
    const below = append("Sub", [weight, scalar(1, "head.one")], "head_below", {});
    const pushed = append("Mul", [below, scalar(FAR, "head.far")], "head_push", {});
    return { vector: reduce(build, opType, append("Add", [feature, pushed], "head_masked", {}), 0), pooled };
  }
  const sum = reduce(build, "ReduceSum", append("Mul", [feature, weight], "head_masked", {}), 0);
  // An example without any position has a count of 1, not 0.
  const count = append(
    "Max",
    [reduce(build, "ReduceSum", weight, 0), scalar(1, "head.one")],
    "head_count",
    {},
  );
  return { vector: append("Div", [sum, count], "head_pool", {}), pooled };
}

/** TensorProto.DataType.FLOAT. */
const FLOAT = 1;
const FAR = 1e9;

/** Over axis 1; axes are an input from opset 13 (ReduceSum) or 18 on. */
function reduce({ opset, append, store }: Build, opType: string, value: Value, keepdims: 0 | 1): Value {
  const since = opType === "ReduceSum" ? 13 : 18;
  return opset >= since
    ? append(opType, [value, store(int64s([1]), "head.axes")], "head_pool", { keepdims })
    : append(opType, [value], "head_pool", { axes: [1], keepdims });
}

/** A last axis of 1. */
function unsqueeze({ opset, append, store }: Build, value: Value): Value {
  return opset >= 13
    ? append("Unsqueeze", [value, store(int64s([2]), "head.last")], "head_weight", {})
    : append("Unsqueeze", [value], "head_weight", { axes: [2] });
}
