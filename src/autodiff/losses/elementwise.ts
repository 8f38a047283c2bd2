import type { Value } from "../../onnx/value.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";
import type { LossNodes, LossOptions } from "./loss.ts";
import { addTargets, addWeights, countingRows, divisor, sumAll, targetWeight } from "./parts.ts";

/** ℓ(y, t) of each entry, and its derivative by y; float32, the output's shape. */
export interface EntryLoss {
  readonly each: Value;
  readonly slope: () => Value;
}

/**
 * A loss that is a mean over the entries of an output: `targets` float32 of the output's shape, NaN for an entry that
 * does not count.
 *
 *     loss = Σ w ℓ(y, t) / Σ w    dy = w ℓ'(y, t) / Σ w    w = 0 where t is NaN, else the example's weight
 */
export function elementwise(
  b: OpBuilder,
  output: Value,
  options: LossOptions,
  formula: (y: Value, t: Value) => EntryLoss,
): LossNodes {
  const targets = addTargets(b, { dtype: "float32", dims: output.dims });
  const weights = addWeights(b, options, targets);
  const known = b.op("Equal", [targets, targets]); // false for NaN alone
  const weight = targetWeight(b, known, weights);
  const total = divisor(b, sumAll(b, weight));
  const t = b.where(known, targets, b.scalar(0, "float32"));
  const { each, slope } = formula(b.cast(output, "float32"), t);
  return {
    targets,
    weights,
    loss: b.div(sumAll(b, b.mul(weight, each)), total),
    gradient: () => b.cast(b.mul(slope(), b.div(weight, total)), output.dtype),
    rows: () => countingRows(b, weight),
  };
}
