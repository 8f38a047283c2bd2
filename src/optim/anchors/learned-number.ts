import type { ScalarArithmetic } from "../arithmetic.ts";

/** The numbers of a rule that learns one number by Adam, in the order in which `learn` reads and gives them. */
export const learnedNumbers: readonly string[] = ["value", "expAvg", "expAvgSq", "updates"];

const [BETA1, BETA2, EPS] = [0.9, 0.999, 1e-8];

/** The four numbers after one step of Adam (β 0.9 and 0.999, ε 1e-8) on the first of them. */
export function learn<T>(
  a: ScalarArithmetic<T>,
  [value, expAvg, expAvgSq, updates]: readonly T[],
  gradient: T,
  lr: number,
): readonly [value: T, expAvg: T, expAvgSq: T, updates: T] {
  const constant = a.constant;
  const mix = (beta: number, old: T, fresh: T) =>
    a.add(a.mul(constant(beta), old), a.mul(constant(1 - beta), fresh));
  // The rule lists four numbers at least.
  const t = a.add(updates!, constant(1));
  const m = mix(BETA1, expAvg!, gradient);
  const v = mix(BETA2, expAvgSq!, a.mul(gradient, gradient));
  const corrected = (x: T, beta: number) => a.div(x, a.sub(constant(1), a.power(constant(beta), t)));
  const size = a.add(a.sqrt(corrected(v, BETA2)), constant(EPS));
  return [a.sub(value!, a.div(a.mul(constant(lr), corrected(m, BETA1)), size)), m, v, t];
}

export function clip<T>(a: ScalarArithmetic<T>, x: T, low: T, high: T): T {
  return a.min(a.max(x, low), high);
}
