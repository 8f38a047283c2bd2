import { defineUpdateRule, type UpdateRule } from "../update-rule.ts";
import { adamCoefficients, adamDefaults, adamMoments, adamProblems } from "./adam.ts";

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
  title: "AMSGrad",
  summary: "Adam with the largest second moment so far",
  source: {
    authors: "Reddi, Kale and Kumar",
    venue: "ICLR",
    year: 2018,
    url: "https://arxiv.org/abs/1904.09237",
  },
  defaultLr: 1e-3,
  defaults: adamDefaults,
  problems: adamProblems,
  states: () => ["expAvg", "expAvgSq", "maxExpAvgSq"] as const,
  coefficients: adamCoefficients,
  propose(a, element) {
    const { c, states } = element;
    const moments = adamMoments(a, element);
    const maxExpAvgSq = a.max(states.maxExpAvgSq, moments.expAvgSq);
    const step = a.div(a.mul(c.size, moments.expAvg), a.add(a.sqrt(maxExpAvgSq), c.eps));
    return { step, states: { ...moments, maxExpAvgSq } };
  },
});
