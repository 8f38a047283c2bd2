import { defineUpdateRule, type UpdateRule } from "../update-rule.ts";
import { adamDefaults, adamMoments, adamProblems } from "./adam.ts";

/** Length of the average below which the second moment is not yet trusted; PyTorch's number. */
const TRUSTED = 5;

/**
 * RAdam: Adam whose first steps are plain momentum, until the second moment has seen enough gradients; no warm-up needed.
 *
 *     m, v as in Adam      ρ∞ = 2 / (1−β2) − 1      ρ = ρ∞ − 2 t β2^t / (1−β2^t)
 *     ρ > 5:  u = lr / (1−β1^t) · r · m √(1−β2^t) / (√v + ε),   r² = (ρ−4)(ρ−2) ρ∞ / ((ρ∞−4)(ρ∞−2) ρ)
 *     else:   u = lr / (1−β1^t) · m
 *
 * As in PyTorch, ε is added to √v before the bias correction. Liu et al., ICLR 2020, Algorithm 2.
 * https://arxiv.org/abs/1908.03265
 */
export const radam: UpdateRule = defineUpdateRule({
  name: "radam",
  title: "RAdam",
  summary: "Adam whose first steps are plain momentum, so that it needs no warm-up",
  source: { authors: "Liu et al.", venue: "ICLR", year: 2020, url: "https://arxiv.org/abs/1908.03265" },
  defaultLr: 1e-3,
  defaults: adamDefaults,
  problems: adamProblems,
  states: () => ["expAvg", "expAvgSq"] as const,
  // u = size · m / (trust · √v + floor)
  coefficients(a, { betas: [beta1, beta2], eps }, { lr, step }) {
    const [zero, one, two, four] = [a.constant(0), a.constant(1), a.constant(2), a.constant(4)];
    const longest = 2 / (1 - beta2) - 1;
    const faded = a.power(a.constant(beta2), step);
    const correction = a.sub(one, faded);
    const rho = a.sub(a.constant(longest), a.div(a.mul(a.mul(two, step), faded), correction));
    const whereTrusted = (yes: typeof one, no: typeof one) =>
      a.whereGreater(rho, a.constant(TRUSTED), yes, no);
    const part = a.div(a.mul(a.sub(rho, four), a.sub(rho, two)), rho);
    const rectified = a.sqrt(a.mul(part, a.constant(longest / ((longest - 4) * (longest - 2)))));
    const size = a.div(lr, a.sub(one, a.power(a.constant(beta1), step)));
    return {
      beta1: a.constant(beta1),
      rest1: a.constant(1 - beta1),
      beta2: a.constant(beta2),
      rest2: a.constant(1 - beta2),
      size: whereTrusted(a.mul(size, a.mul(rectified, a.sqrt(correction))), size),
      trust: whereTrusted(one, zero),
      floor: whereTrusted(a.constant(eps), one),
    };
  },
  propose(a, element) {
    const { c } = element;
    const states = adamMoments(a, element);
    const root = a.mul(c.trust, a.sqrt(states.expAvgSq));
    return { step: a.div(a.mul(c.size, states.expAvg), a.add(root, c.floor)), states };
  },
});
