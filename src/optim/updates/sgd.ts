import { defineUpdateRule, type Hyperparameters, type UpdateRule } from "../update-rule.ts";

interface SgdHyperparameters extends Hyperparameters {
  readonly momentum: number;
  readonly nesterov: boolean;
}

const sgdDefaults: SgdHyperparameters = { momentum: 0.9, nesterov: false };

/**
 * Stochastic gradient descent, with momentum that sums gradients undamped as PyTorch does.
 *
 *     b ← momentum · b + g
 *     u = lr · b,   nesterov: u = lr · (g + momentum · b)
 *
 * Without momentum there is no state. Sutskever et al., ICML 2013.
 */
export const sgd: UpdateRule = defineUpdateRule({
  name: "sgd",
  defaultLr: 1e-2,
  defaults: sgdDefaults,
  problems: ({ momentum, nesterov }) => [
    ...(momentum >= 0 && momentum < 1 ? [] : [`momentum is ${momentum}, expected a number in [0, 1).`]),
    ...(nesterov && momentum === 0 ? ["nesterov needs a momentum above 0."] : []),
  ],
  states: ({ momentum }) => (momentum > 0 ? ["momentumBuffer" as const] : []),
  // u = lr · (own · g + ahead · b)
  coefficients: (a, { momentum, nesterov }, { lr }) => ({
    lr,
    momentum: a.constant(momentum),
    ahead: a.constant(nesterov ? momentum : 1),
    own: a.constant(nesterov ? 1 : 0),
  }),
  propose(a, { g, states, c }, { momentum }) {
    if (momentum === 0) return { step: a.mul(c.lr, g), states: {} };
    const momentumBuffer = a.add(a.mul(c.momentum, states.momentumBuffer), g);
    const direction = a.add(a.mul(c.own, g), a.mul(c.ahead, momentumBuffer));
    return { step: a.mul(c.lr, direction), states: { momentumBuffer } };
  },
});
