import type { OpBuilder } from "../../ops/op-builder.ts";
import {
  addAtTarget,
  type ClassLoss,
  type ClassRows,
  classedWeight,
  logProbability,
  ofClasses,
} from "./class-targets.ts";
import type { Loss, LossOptions } from "./loss.ts";
import { divisor, sumAll } from "./parts.ts";

/**
 * Mean cross-entropy, as torch.nn.CrossEntropyLoss(weight, label_smoothing) has it: class weights make it a weighted
 * mean, and weigh each class's part of the smoothed target. `targets` int64, class indices.
 *
 *     loss = −Σᵢ wᵢ Σ_c v_c q_ic log p_ic / Σᵢ wᵢ v_t,   p = softmax(x),  q = (1−s) onehot(t) + s/C
 *     dxᵢ  = wᵢ (p (1−s) v_t + p s/C Σ v − v q) / Σᵢ wᵢ v_t
 */
export const crossEntropy: Loss = {
  summary: "cross-entropy of one class among several",
  options: ["classAxis", "ignoreIndex", "labelSmoothing", "classWeights"],
  build: (b, logits, options) => ofClasses(b, logits, options, (rows) => crossEntropyOf(b, rows, options)),
};

/** The same of rows, for losses that it is a part of. */
export function crossEntropyOf(b: OpBuilder, rows: ClassRows, options: LossOptions): ClassLoss {
  const { classes, x, exp, sum, weight, classWeights } = rows;
  const { labelSmoothing: s = 0 } = options;
  const weightOfTarget = classedWeight(b, rows);
  const total = divisor(b, sumAll(b, weightOfTarget));
  const hit = b.neg(b.mul(weightOfTarget, logProbability(b, rows)));
  const spread = s / classes;

  let loss = b.div(sumAll(b, b.scale(hit, 1 - s)), total);
  if (s > 0) {
    const logs = b.sub(b.op("Log", [sum]), x); // −log p, [N, C]
    const each = b.reduceSum(classWeights ? b.mul(logs, classWeights) : logs, [1], true);
    loss = b.add(loss, b.scale(b.div(sumAll(b, b.mul(weight, each)), total), spread));
  }

  const gradient = () => {
    const share = b.div(weight, total);
    const targetShare = b.scale(b.div(weightOfTarget, total), 1 - s);
    const p = b.div(exp, sum);
    if (s === 0) return addAtTarget(b, rows, b.mul(p, targetShare), b.neg(targetShare));
    const mass = (options.classWeights ?? [classes]).reduce((a, v) => a + v, 0);
    const factor = b.add(targetShare, b.scale(share, spread * mass));
    const even = b.scale(classWeights ? b.mul(share, classWeights) : share, spread);
    return addAtTarget(b, rows, b.sub(b.mul(p, factor), even), b.neg(targetShare));
  };
  return { loss, gradient };
}
