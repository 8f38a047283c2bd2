import type { FloatArray } from "../update-rule.ts";

/** The numbers of a rule that learns one number by Adam, in the order in which `learn` reads them. */
export const learnedNumbers: readonly string[] = ["value", "expAvg", "expAvgSq", "updates"];

const [BETA1, BETA2, EPS] = [0.9, 0.999, 1e-8];

/** What Adam (β 0.9 and 0.999, ε 1e-8) makes of the learned value at this gradient. Updates the moments, not the value. */
export function learn(numbers: FloatArray, gradient: number, lr: number): number {
  const [value = 0, expAvg = 0, expAvgSq = 0, updates = 0] = numbers;
  const t = updates + 1;
  const m = BETA1 * expAvg + (1 - BETA1) * gradient;
  const v = BETA2 * expAvgSq + (1 - BETA2) * gradient * gradient;
  numbers.set([m, v, t], 1);
  return value - (lr * (m / (1 - BETA1 ** t))) / (Math.sqrt(v / (1 - BETA2 ** t)) + EPS);
}

export function clip(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}
