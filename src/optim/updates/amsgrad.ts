import { defineUpdateRule, type UpdateRule } from "../update-rule.ts";
import { adamCoefficients, adamDefaults, adamProblems } from "./adam.ts";

/**
 * AMSGrad: Adam with the largest second moment so far. The raw v is maximised and corrected for its bias afterwards,
 * as PyTorch does.
 *
 *     m, v as in Adam      v̂ ← max(v̂, v)
 *     u = lr / (1−β1^t) · m / (√v̂ / √(1−β2^t) + ε)
 *
 * Reddi, Kale and Kumar, ICLR 2018, Algorithm 2. https://arxiv.org/abs/1904.09237
 */
export const amsgrad: UpdateRule = defineUpdateRule({
  name: "amsgrad",
  defaultLr: 1e-3,
  defaults: adamDefaults,
  problems: adamProblems,
  states: () => ["expAvg", "expAvgSq", "maxExpAvgSq"],
  coefficients: adamCoefficients,
  propose([expAvg, expAvgSq, maxExpAvgSq], i, g, [beta1, rest1, beta2, rest2, size, eps]) {
    // The three states and six coefficients are this rule's own, listed above.
    const m = beta1! * expAvg![i]! + rest1! * g;
    const v = beta2! * expAvgSq![i]! + rest2! * g * g;
    const largest = Math.max(maxExpAvgSq![i]!, v);
    expAvg![i] = m;
    expAvgSq![i] = v;
    maxExpAvgSq![i] = largest;
    return (size! * m) / (Math.sqrt(largest) + eps!);
  },
});
