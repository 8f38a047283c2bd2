import { defineUpdateRule, type UpdateRule } from "../update-rule.ts";
import { type AdamHyperparameters, adamDefaults, adamMoments, adamProblems } from "./adam.ts";

interface NadamHyperparameters extends AdamHyperparameters {
  readonly momentumDecay: number;
}

const nadamDefaults: NadamHyperparameters = { ...adamDefaults, momentumDecay: 4e-3 };

/**
 * NAdam: Adam with Nesterov momentum, whose β1 is warmed up.
 *
 *     m, v as in Adam      μ_t = β1 (1 − ½ · 0.96^(t ψ))      M_t = μ_1 μ_2 … μ_t
 *     u = lr · ((1−μ_t) / (1−M_t) · g + μ_{t+1} / (1−M_{t+1}) · m) / (√v / √(1−β2^t) + ε)
 *
 * ψ is `momentumDecay`. Dozat, ICLR workshop 2016, with the schedule that PyTorch has.
 * https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
 */
export const nadam: UpdateRule = defineUpdateRule({
  name: "nadam",
  title: "NAdam",
  summary: "Adam with Nesterov momentum",
  source: {
    authors: "Dozat",
    venue: "ICLR workshop",
    year: 2016,
    url: "https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ",
  },
  defaultLr: 2e-3,
  defaults: nadamDefaults,
  problems: (h) => [
    ...adamProblems(h),
    ...(h.momentumDecay >= 0
      ? []
      : [`momentumDecay is ${h.momentumDecay}, expected a number of at least 0.`]),
  ],
  states: () => ["expAvg", "expAvgSq"] as const,
  // u = (own · g + ahead · m) / (√v + ε'), numerator and denominator times √(1−β2^t) as in Adam.
  coefficients(a, { betas: [beta1, beta2], eps, momentumDecay }, { lr, step }) {
    const one = a.constant(1);
    const decayAt = (i: number) => beta1 * (1 - 0.5 * 0.96 ** (i * momentumDecay));
    const decay = (t: typeof lr) => {
      const faded = a.power(a.constant(0.96), a.mul(t, a.constant(momentumDecay)));
      return a.mul(a.constant(beta1), a.sub(one, a.mul(a.constant(0.5), faded)));
    };
    const [now, next] = [decay(step), decay(a.add(step, one))];
    const product = a.product(decayAt, step);
    const correction = a.sqrt(a.sub(one, a.power(a.constant(beta2), step)));
    const size = a.mul(lr, correction);
    return {
      beta1: a.constant(beta1),
      rest1: a.constant(1 - beta1),
      beta2: a.constant(beta2),
      rest2: a.constant(1 - beta2),
      own: a.div(a.mul(size, a.sub(one, now)), a.sub(one, product)),
      ahead: a.div(a.mul(size, next), a.sub(one, a.mul(product, next))),
      eps: a.mul(a.constant(eps), correction),
    };
  },
  propose(a, element) {
    const { g, c } = element;
    const states = adamMoments(a, element);
    const direction = a.add(a.mul(c.own, g), a.mul(c.ahead, states.expAvg));
    return { step: a.div(direction, a.add(a.sqrt(states.expAvgSq), c.eps)), states };
  },
});
