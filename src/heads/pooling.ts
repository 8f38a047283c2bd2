import { ConfigError, ModelError } from "../errors.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { dataTypes } from "../tensor/data-type.ts";
import { int64s, scalar } from "../tensor/tensor.ts";
import { type GraphEnd, reduce } from "./graph-end.ts";

/** How a sequence or a map becomes one vector; `auto` is `mean`, and `none` makes one long vector of all. */
export type Pooling = "auto" | "mean" | "max" | "first" | "last" | "none";

export interface PoolingOptions {
  /** Of the end's feature: float [B, D], [B, T, D] (a sequence) or [B, D, H, W, …] (a map). */
  readonly type: TensorType;
  readonly pooling: Pooling;
  /** Integer [B, T]: which positions of a sequence count. */
  readonly mask?: Value;
}

/**
 * Appends the pooling of a feature to one vector [B, D] for each example.
 *
 * @throws ModelError if there is no batch axis, or the operator set is too old; ConfigError for a pooling that needs a sequence
 */
export function pool(
  end: GraphEnd,
  options: PoolingOptions,
): { vector: Value; width: number; pooled: string } {
  const { pooling, type } = options;
  const { feature } = end;
  const { dims } = type;
  const rank = dims.length;
  if (rank < 2)
    throw new ModelError(`"${feature.name}" has shape [${dims}]: a head needs a batch axis and features`);
  if (pooling === "none" || rank === 2) {
    const width = dims.slice(1).reduce((a, d) => a * d, 1);
    return rank === 2
      ? { vector: feature, width, pooled: "none" }
      : { vector: flatten(end, feature), width, pooled: "flattened" };
  }
  const way = pooling === "auto" ? "mean" : pooling;
  if (rank === 3) return { ...poolSequence(end, options, way), width: dims[2]! }; // the rank was just checked
  if (way === "first" || way === "last")
    throw new ConfigError(`head.pooling "${way}" needs a sequence; "${feature.name}" has shape [${dims}]`);
  const opType = way === "mean" ? "GlobalAveragePool" : "GlobalMaxPool";
  return {
    vector: flatten(end, end.append(opType, [feature], "head_pool")),
    width: dims[1]!, // the rank was just checked
    pooled: `${way} over ${dims.slice(2).join("×")}`,
  };
}

function flatten({ append }: GraphEnd, value: Value): Value {
  return append("Flatten", [value], "head_flatten", { axis: 1 });
}

/** A sequence [B, T, D] to [B, D]. */
function poolSequence(
  end: GraphEnd,
  { type, mask }: PoolingOptions,
  way: Exclude<Pooling, "auto" | "none">,
): { vector: Value; pooled: string } {
  const positions = `${type.dims[1]} positions`;
  const counted = mask ? `those of ${positions} that "${mask.name}" counts` : positions;
  switch (way) {
    case "first":
      return { vector: position(end, 0), pooled: `first of ${positions}` };
    case "last": {
      const vector = mask ? weightedSum(end, lastWeight(end, mask)).sum : position(end, -1);
      return { vector, pooled: `last of ${counted}` };
    }
    case "max": {
      const feature = mask ? pushedBelow(end, mask) : end.feature;
      return { vector: reduce(end, "ReduceMax", feature, { axis: 1 }), pooled: `max over ${counted}` };
    }
    case "mean": {
      const vector = mask ? maskedMean(end, mask) : reduce(end, "ReduceMean", end.feature, { axis: 1 });
      return { vector, pooled: `mean over ${counted}` };
    }
  }
}

/** The vector at one position, from the end if below 0. */
function position(end: GraphEnd, at: number): Value {
  const index = end.store(int64s([at]), "head.position");
  return flatten(end, end.append("Gather", [end.feature, index], "head_pool", { axis: 1 }));
}

function maskedMean(end: GraphEnd, mask: Value): Value {
  const { sum, weight } = weightedSum(end, float(end, mask));
  const total = reduce(end, "ReduceSum", weight, { axis: 1 });
  // An example without any position has a count of 1, not 0.
  const count = end.append("Max", [total, end.scalar(1, "head.one")], "head_count");
  return end.append("Div", [sum, count], "head_pool");
}

/** Σ_t w_t f_t of weights [B, T], and the weights as [B, T, 1]. */
function weightedSum(end: GraphEnd, weights: Value): { readonly sum: Value; readonly weight: Value } {
  const weight = unsqueeze(end, weights);
  const masked = end.append("Mul", [end.feature, weight], "head_masked");
  return { sum: reduce(end, "ReduceSum", masked, { axis: 1 }), weight };
}

/** What does not count is pushed below whatever a network computes. */
function pushedBelow(end: GraphEnd, mask: Value): Value {
  const below = end.append(
    "Sub",
    [unsqueeze(end, float(end, mask)), end.scalar(1, "head.one")],
    "head_below",
  );
  const pushed = end.append("Mul", [below, end.scalar(FAR, "head.far")], "head_push");
  return end.append("Add", [end.feature, pushed], "head_masked");
}

const FAR = 1e9;

/** 1 at the last position that counts, 0 elsewhere: there the running count has reached the whole. Padding may stand on either side. */
function lastWeight(end: GraphEnd, mask: Value): Value {
  const { opset, append, store } = end;
  if (opset < 11) {
    throw new ModelError(
      `head.pooling "last" with a mask needs CumSum, which operator set 11 brought; the model has ${opset}. Use mean or first, or export it anew.`,
    );
  }
  const counts = float(end, mask);
  const running = append("CumSum", [counts, store(scalar("int64", 1), "head.axis")], "head_running");
  const whole = reduce(end, "ReduceSum", counts, { axis: 1, keepdims: 1 });
  const reached = append("Cast", [append("Equal", [running, whole], "head_reached")], "head_reached", FLOAT);
  return append("Mul", [reached, counts], "head_last");
}

const FLOAT = { to: dataTypes.float32.code };

function float({ append }: GraphEnd, mask: Value): Value {
  return append("Cast", [mask], "head_mask", FLOAT);
}

/** A last axis of 1. */
function unsqueeze({ opset, append, store }: GraphEnd, value: Value): Value {
  return opset >= 13
    ? append("Unsqueeze", [value, store(int64s([2]), "head.last")], "head_weight")
    : append("Unsqueeze", [value], "head_weight", { axes: [2] });
}
