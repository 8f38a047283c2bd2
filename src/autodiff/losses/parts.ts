import { ConfigError } from "../../errors.ts";
import { formatType, type TensorType } from "../../onnx/type.ts";
import { Value } from "../../onnx/value.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";
import { tensor } from "../../tensor/tensor.ts";
import type { LossOptions } from "./loss.ts";

/** The graph input that takes the targets. */
export function addTargets(b: OpBuilder, type: TensorType): Value {
  return addInput(b, "targets", type);
}

/** The graph input with a factor for each of the examples, float32 [B], if it was asked for. */
export function addWeights(b: OpBuilder, { weighted }: LossOptions, targets: Value): Value | null {
  if (!weighted) return null;
  const [batch] = targets.dims;
  if (batch === undefined)
    throw new ConfigError("target_weights: the targets are one number, there are no examples to weigh");
  return addInput(b, "target_weights", { dtype: "float32", dims: [batch] });
}

function addInput(b: OpBuilder, name: string, type: TensorType): Value {
  const input = new Value(name, type);
  b.graph.inputs.push(input);
  return input;
}

/** The factor of each target: that of its example where `counts` (bool, the targets' shape), else 0. float32, the targets' shape. */
export function targetWeight(b: OpBuilder, counts: Value, weights: Value | null): Value {
  const one = weights
    ? b.reshape(weights, [weights.dims[0]!, ...counts.dims.slice(1).map(() => 1)]) // addWeights has given it an axis
    : b.scalar(1, "float32");
  return b.where(counts, one, b.scalar(0, "float32"));
}

/** A sum of weights to divide by: 1 where it is 0, so that a batch in which nothing counts has a loss of 0, not 0/0. */
export function divisor(b: OpBuilder, sum: Value): Value {
  return b.where(b.op("Greater", [sum, b.scalar(0, "float32")]), sum, b.scalar(1, "float32"));
}

/** float32 [B]: 1 where any weight of an example is above 0. */
export function countingRows(b: OpBuilder, weight: Value): Value {
  const most = b.reduceMax(weight, [...weight.dims.keys()].slice(1), false);
  return b.cast(b.op("Greater", [most, b.scalar(0, "float32")]), "float32");
}

/** The sum of all elements as a scalar, last axis first: a sum of many float32 in a row loses digits on some providers. */
export function sumAll(b: OpBuilder, value: Value): Value {
  const rank = value.dims.length;
  if (rank === 0) return value;
  const rows = b.reduceSum(value, [rank - 1], false);
  return b.reduceSum(rows, [...rows.dims.keys()], false);
}

/** log(1 + exp(−|x|)) + max(−x, 0) = −log σ(x), without overflow for either sign. */
export function softplusOfMinus(b: OpBuilder, x: Value): Value {
  const log = b.op("Log", [b.shift(b.op("Exp", [b.neg(b.op("Abs", [x]))]), 1)]);
  return b.add(log, b.op("Max", [b.neg(x), b.scalar(0, x.dtype)]));
}

/**
 * A stored vector with one factor for each of `count` entries.
 *
 * @throws ConfigError if there are more or fewer
 */
export function factors(
  b: OpBuilder,
  values: readonly number[],
  { count, what, output }: { readonly count: number; readonly what: string; readonly output: Value },
): Value {
  if (values.length !== count) {
    throw new ConfigError(
      `${what}: ${values.length} numbers for output "${output.name}" ${formatType(output.type)}, expected ${count}, one for each class`,
    );
  }
  return b.constant(tensor("float32", [count], Float32Array.from(values)));
}
