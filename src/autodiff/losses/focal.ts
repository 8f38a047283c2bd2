import { addAtTarget, classedWeight, logProbability, ofClasses } from "./class-targets.ts";
import type { Loss } from "./loss.ts";
import { divisor, sumAll } from "./parts.ts";

/** What 1 − p is taken for where it is less, so that a power below 0 of it is a number. */
const LEAST = 1e-12;

/**
 * Mean focal loss of one class among several: cross-entropy in which a target counts the less the better it is
 * predicted. `targets` int64, class indices.
 *
 *     loss = −Σᵢ wᵢ α_t (1−p)^γ log p / Σᵢ wᵢ α_t,   p = softmax(x)_t
 *     dxᵢ  = wᵢ α_t ((1−p)^γ − γ p (1−p)^(γ−1) log p) (softmax(x) − onehot(t)) / Σᵢ wᵢ α_t
 *
 * The paper's α is `classWeights`, and the mean is weighted by it: γ = 0 is `cross-entropy`. The paper sums and divides
 * by the number of objects instead. Lin et al., ICCV 2017. https://arxiv.org/abs/1708.02002
 */
export const focal: Loss = {
  summary: "cross-entropy in which well-predicted targets count less",
  options: ["classAxis", "ignoreIndex", "classWeights", "gamma"],
  build: (b, logits, options) =>
    ofClasses(b, logits, options, (rows) => {
      const { gamma = 2 } = options;
      const weight = classedWeight(b, rows);
      const total = divisor(b, sumAll(b, weight));
      const log = logProbability(b, rows);
      const p = b.op("Exp", [log]);
      const miss = b.op("Max", [b.sub(b.scalar(1, "float32"), p), b.scalar(LEAST, "float32")]);
      const power = (exponent: number) => b.op("Pow", [miss, b.scalar(exponent, "float32")]);
      const focus = power(gamma);
      const gradient = () => {
        const inner = b.scale(b.mul(b.mul(p, power(gamma - 1)), log), gamma);
        const share = b.mul(b.div(weight, total), b.sub(focus, inner));
        const softmax = b.div(rows.exp, rows.sum);
        return addAtTarget(b, rows, b.mul(softmax, share), b.neg(share));
      };
      return { loss: b.div(sumAll(b, b.neg(b.mul(weight, b.mul(focus, log)))), total), gradient };
    }),
};
