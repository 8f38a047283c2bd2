import type { Arithmetic, ScalarArithmetic } from "../arithmetic.ts";
import {
  defineUpdateRule,
  type ElementStep,
  type Hyperparameters,
  type StepPosition,
  type UpdateRule,
} from "../update-rule.ts";

/** Hyperparameters of Adam and its variants: decay rates of the two moments, and the number under the division. */
export interface AdamHyperparameters extends Hyperparameters {
  readonly betas: readonly [number, number];
  readonly eps: number;
}

export const adamDefaults: AdamHyperparameters = { betas: [0.9, 0.999], eps: 1e-8 };

export function adamProblems({ betas: [beta1, beta2], eps }: AdamHyperparameters): readonly string[] {
  const problems: string[] = [];
  if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
    problems.push(`betas are [${beta1}, ${beta2}], expected two numbers in [0, 1).`);
  }
  // eps keeps 0 / 0 out of an element that never had a gradient, in float32 and scaled as at the first step.
  if (!(Math.fround(eps * Math.sqrt(1 - beta2)) > 0 && Number.isFinite(eps))) {
    problems.push(`eps is ${eps}, expected a positive number that float32 can hold, such as 1e-8.`);
  }
  return problems;
}

type MomentCoefficient = "beta1" | "rest1" | "beta2" | "rest2";

/**
 * β1, 1−β1, β2, 1−β2, size, ε' where u = size · m / (√v + ε'). This is the usual form
 * (lr / (1−β1^t)) · m / (√v / √(1−β2^t) + ε) with numerator and denominator times √(1−β2^t): one product less an element.
 */
export function adamCoefficients<T>(
  a: ScalarArithmetic<T>,
  { betas, eps }: AdamHyperparameters,
  { lr, step }: StepPosition<T>,
): Record<MomentCoefficient | "size" | "eps", T> {
  const [beta1, beta2] = betas;
  const one = a.constant(1);
  const correction = a.sqrt(a.sub(one, a.power(a.constant(beta2), step)));
  return {
    beta1: a.constant(beta1),
    rest1: a.constant(1 - beta1),
    beta2: a.constant(beta2),
    rest2: a.constant(1 - beta2),
    size: a.div(a.mul(lr, correction), a.sub(one, a.power(a.constant(beta1), step))),
    eps: a.mul(a.constant(eps), correction),
  };
}

/** The two moments after a gradient. */
export function adamMoments<T>(
  a: Arithmetic<T>,
  { g, states, c }: ElementStep<T, "expAvg" | "expAvgSq", MomentCoefficient>,
): { readonly expAvg: T; readonly expAvgSq: T } {
  return {
    expAvg: a.add(a.mul(c.beta1, states.expAvg), a.mul(c.rest1, g)),
    expAvgSq: a.add(a.mul(c.beta2, states.expAvgSq), a.mul(c.rest2, a.mul(g, g))),
  };
}

/**
 * Adam, with ε added after the bias correction as PyTorch does.
 *
 *     m ← β1 m + (1−β1) g      v ← β2 v + (1−β2) g²
 *     u = lr / (1−β1^t) · m / (√v / √(1−β2^t) + ε)
 *
 * Kingma and Ba, ICLR 2015, Algorithm 1. https://arxiv.org/abs/1412.6980
 */
export const adam: UpdateRule = defineUpdateRule({
  name: "adam",
  title: "Adam",
  summary: "an average of the gradients over the root of an average of their squares",
  source: { authors: "Kingma and Ba", venue: "ICLR", year: 2015, url: "https://arxiv.org/abs/1412.6980" },
  defaultLr: 1e-3,
  defaults: adamDefaults,
  problems: adamProblems,
  states: () => ["expAvg", "expAvgSq"] as const,
  coefficients: adamCoefficients,
  propose(a, element) {
    const { c } = element;
    const states = adamMoments(a, element);
    const step = a.div(a.mul(c.size, states.expAvg), a.add(a.sqrt(states.expAvgSq), c.eps));
    return { step, states };
  },
});
