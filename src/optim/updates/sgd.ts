import { defineUpdateRule, type Hyperparameters, type UpdateRule } from "../update-rule.ts";

interface SgdHyperparameters extends Hyperparameters {
  readonly momentum: number;
  readonly nesterov: boolean;
}

/**
 * Stochastic gradient descent, with momentum that sums gradients undamped as PyTorch does.
 *
 *     b ← momentum · b + g
 *     u = lr · b,   nesterov: u = lr · (g + momentum · b)
 *
 * Without momentum there is no state. Sutskever et al., ICML 2013.
 */
export const sgd: UpdateRule = defineUpdateRule<SgdHyperparameters>({
  name: "sgd",
  defaultLr: 1e-2,
  defaults: { momentum: 0.9, nesterov: false },
  problems: ({ momentum, nesterov }) => [
    ...(momentum >= 0 && momentum < 1 ? [] : [`momentum is ${momentum}, expected a number in [0, 1).`]),
    ...(nesterov && momentum === 0 ? ["nesterov needs a momentum above 0."] : []),
  ],
  states: ({ momentum }) => (momentum > 0 ? ["momentumBuffer"] : []),
  // u = lr · (own · g + ahead · b)
  coefficients: ({ momentum, nesterov }, { lr }) => [lr, momentum, nesterov ? momentum : 1, nesterov ? 1 : 0],
  propose([buffer], i, g, [lr, momentum, ahead, own]) {
    if (buffer === undefined) return lr! * g;
    const b = momentum! * buffer[i]! + g;
    buffer[i] = b;
    return lr! * (own! * g + ahead! * b);
  },
});
