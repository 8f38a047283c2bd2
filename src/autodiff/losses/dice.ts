import type { OpBuilder } from "../../ops/op-builder.ts";
import { type ClassLoss, type ClassRows, ofClasses } from "./class-targets.ts";
import { crossEntropy, crossEntropyOf } from "./cross-entropy.ts";
import type { Loss } from "./loss.ts";
import { divisor, sumAll } from "./parts.ts";

/** Keeps a class of few pixels from a division by almost nothing. */
const SMOOTHING = 1e-5;

/**
 * Soft Dice loss, for segmentation: one minus the overlap of predicted and true areas, a mean over the classes that
 * the batch holds. `targets` int64, class indices; areas are those of the whole batch.
 *
 *     D_c = (2 Σᵢ wᵢ p_ic y_ic + ε) / (Σᵢ wᵢ (p_ic + y_ic) + ε),   p = softmax(x),  y = onehot(t),   loss = 1 − mean_c D_c
 *     g = ∂loss/∂p_ic = −wᵢ (2 y_ic − D_c) / (K (Σᵢ wᵢ (p_ic + y_ic) + ε)),   dxᵢ = p (g − Σ_c p_c g_c)
 *
 * K counts the classes with a target; the others have no part in the mean. Milletari et al., 2016, without the squares.
 * https://arxiv.org/abs/1606.04797
 */
export const dice: Loss = {
  summary: "soft Dice: one minus the overlap of predicted and true areas",
  options: ["classAxis", "ignoreIndex"],
  build: (b, logits, options) => ofClasses(b, logits, options, (rows) => diceOf(b, rows)),
};

/** The sum of soft Dice and cross-entropy, the usual loss for segmentation with rare classes. */
export const diceCrossEntropy: Loss = {
  summary: "the sum of dice and cross-entropy",
  options: crossEntropy.options,
  build: (b, logits, options) =>
    ofClasses(b, logits, options, (rows) => {
      const parts = [diceOf(b, rows), crossEntropyOf(b, rows, options)] as const;
      return {
        loss: b.add(parts[0].loss, parts[1].loss),
        gradient: () => b.add(parts[0].gradient(), parts[1].gradient()),
      };
    }),
};

function diceOf(b: OpBuilder, { classes, exp, sum, index, weight }: ClassRows): ClassLoss {
  const ids = b.reshape(b.ints(Array.from({ length: classes }, (_, c) => c)), [1, classes]);
  const y = b.cast(b.op("Equal", [index, ids]), "float32"); // [N, C]
  const p = b.div(exp, sum);
  const overClass = (v: typeof p) => b.reduceSum(b.mul(v, weight), [0], true); // [1, C]
  const truth = overClass(y);
  const size = b.shift(b.add(overClass(p), truth), SMOOTHING);
  const overlap = b.div(b.shift(b.scale(overClass(b.mul(p, y)), 2), SMOOTHING), size);
  const isThere = b.cast(b.op("Greater", [truth, b.scalar(0, "float32")]), "float32");
  const share = b.div(isThere, divisor(b, sumAll(b, isThere)));
  const gradient = () => {
    const slope = b.mul(b.div(share, size), b.sub(overlap, b.scale(y, 2)));
    const g = b.mul(weight, slope);
    return b.mul(p, b.sub(g, b.reduceSum(b.mul(p, g), [1], true)));
  };
  // Σ share is 1, or 0 where no target counts: so is the loss then.
  return { loss: sumAll(b, b.mul(share, b.sub(b.scalar(1, "float32"), overlap))), gradient };
}
