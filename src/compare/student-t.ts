import type { Estimate } from "../evaluation/intervals.ts";

/**
 * The mean with its two-sided 95 % interval, mean ± t(0.975, n − 1) · s / √n, for values that scatter about normally.
 * One value has no interval: `low` and `high` are NaN.
 */
export function meanWithInterval(values: readonly number[]): Estimate {
  const n = values.length;
  const value = values.reduce((a, b) => a + b, 0) / n;
  if (n < 2) return { value, low: Number.NaN, high: Number.NaN };
  const variance = values.reduce((sum, v) => sum + (v - value) ** 2, 0) / (n - 1);
  const half = tQuantile(0.975, n - 1) * Math.sqrt(variance / n);
  return { value, low: value - half, high: value + half };
}

/** The point that Student's t with `freedom` degrees of freedom stays below with probability `p` in [0.5, 1). */
export function tQuantile(p: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (tProbability(high, freedom) < p) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (tProbability(middle, freedom) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * P(T ≤ t) for t ≥ 0 and whole degrees of freedom, by the finite sums in cos θ, θ = atan(t / √ν).
 * Abramowitz and Stegun 26.7.3 and 26.7.4.
 */
function tProbability(t: number, freedom: number): number {
  const theta = Math.atan(t / Math.sqrt(freedom));
  const [sin, cos] = [Math.sin(theta), Math.cos(theta)];
  const isOdd = freedom % 2 === 1;
  // The terms of the sum go up in steps of cos² θ; odd ν begin with cos θ, even ones with 1.
  let term = isOdd ? cos : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = isOdd ? 2 : 1; k <= freedom - 3; k += 2) {
    term *= (k / (k + 1)) * cos * cos;
    sum += term;
  }
  const within = isOdd ? (2 / Math.PI) * (theta + sin * sum) : sin * sum;
  return 0.5 + within / 2;
}
