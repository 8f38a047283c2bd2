import { defineUpdateRule, type Hyperparameters, type UpdateRule } from "../update-rule.ts";

interface SgdHyperparameters extends Hyperparameters {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly dampening: number;
}

const sgdDefaults: SgdHyperparameters = { momentum: 0.9, nesterov: false, dampening: 0 };

/**
 * Stochastic gradient descent, with momentum that sums gradients as PyTorch does: the first one is not dampened.
 *
 *     b ← momentum · b + (1 − dampening) g,   b = g at the first step
 *     u = lr · b,   nesterov: u = lr · (g + momentum · b)
 *
 * Without momentum there is no state. Sutskever et al., ICML 2013. https://proceedings.mlr.press/v28/sutskever13.html
 */
export const sgd: UpdateRule = defineUpdateRule({
  name: "sgd",
  title: "SGD",
  summary: "momentum over the gradients",
  source: {
    authors: "Sutskever et al.",
    venue: "ICML",
    year: 2013,
    url: "https://proceedings.mlr.press/v28/sutskever13.html",
  },
  defaultLr: 1e-2,
  defaults: sgdDefaults,
  problems: ({ momentum, nesterov, dampening }) => [
    ...(momentum >= 0 && momentum < 1 ? [] : [`momentum is ${momentum}, expected a number in [0, 1).`]),
    ...(dampening >= 0 && dampening <= 1 ? [] : [`dampening is ${dampening}, expected a number in [0, 1].`]),
    ...(nesterov && momentum === 0 ? ["nesterov needs a momentum above 0."] : []),
    ...(nesterov && dampening !== 0 ? ["nesterov goes without dampening."] : []),
  ],
  states: ({ momentum }) => (momentum > 0 ? ["momentumBuffer" as const] : []),
  coefficients(a, { momentum, dampening }, { lr, step }) {
    const one = a.constant(1);
    return {
      lr,
      momentum: a.constant(momentum),
      fresh: dampening === 0 ? one : a.whereGreater(step, one, a.constant(1 - dampening), one),
    };
  },
  propose(a, { g, states, c }, { momentum, nesterov, dampening }) {
    if (momentum === 0) return { step: a.mul(c.lr, g), states: {} };
    const fresh = dampening === 0 ? g : a.mul(c.fresh, g);
    const momentumBuffer = a.add(a.mul(c.momentum, states.momentumBuffer), fresh);
    const direction = nesterov ? a.add(g, a.mul(c.momentum, momentumBuffer)) : momentumBuffer;
    return { step: a.mul(c.lr, direction), states: { momentumBuffer } };
  },
});
