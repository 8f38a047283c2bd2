import { sign } from "../arithmetic.ts";
import { defineUpdateRule, type Hyperparameters, type UpdateRule } from "../update-rule.ts";

interface LionHyperparameters extends Hyperparameters {
  readonly betas: readonly [number, number];
}

const lionDefaults: LionHyperparameters = { betas: [0.9, 0.99] };

/**
 * Lion: every element moves by lr, in the direction of an average of the gradient that looks a little ahead of the one kept.
 *
 *     u = lr · sign(β1 m + (1−β1) g)      m ← β2 m + (1−β2) g
 *
 * Half of Adam's states; take 3 to 10 times less lr than for Adam, and as many times more weight decay.
 * Chen et al., NeurIPS 2023, Algorithm 2. https://arxiv.org/abs/2302.06675
 */
export const lion: UpdateRule = defineUpdateRule({
  name: "lion",
  title: "Lion",
  summary: "every element moves by lr, in the direction of an average",
  source: { authors: "Chen et al.", venue: "NeurIPS", year: 2023, url: "https://arxiv.org/abs/2302.06675" },
  defaultLr: 1e-4,
  defaults: lionDefaults,
  problems: ({ betas: [beta1, beta2] }) =>
    beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1
      ? []
      : [`betas are [${beta1}, ${beta2}], expected two numbers in [0, 1).`],
  states: () => ["expAvg"] as const,
  coefficients: (a, { betas: [beta1, beta2] }, { lr }) => ({
    lr,
    beta1: a.constant(beta1),
    rest1: a.constant(1 - beta1),
    beta2: a.constant(beta2),
    rest2: a.constant(1 - beta2),
  }),
  propose(a, { g, states, c }) {
    const ahead = a.add(a.mul(c.beta1, states.expAvg), a.mul(c.rest1, g));
    const expAvg = a.add(a.mul(c.beta2, states.expAvg), a.mul(c.rest2, g));
    return { step: a.mul(c.lr, sign(a, ahead)), states: { expAvg } };
  },
});
