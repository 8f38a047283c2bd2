import { midranks } from "./ranks.ts";

type Numbers = ArrayLike<number>;

/** √(mean (p − t)²). */
export function rootMeanSquaredError(predicted: Numbers, truth: Numbers): number {
  return Math.sqrt(meanOf(truth.length, (i) => (predicted[i]! - truth[i]!) ** 2));
}

/** mean |p − t|. */
export function meanAbsoluteError(predicted: Numbers, truth: Numbers): number {
  return meanOf(truth.length, (i) => Math.abs(predicted[i]! - truth[i]!));
}

/** R² = 1 − Σ (p − t)² / Σ (t − t̄)². @returns NaN where all true numbers are the same */
export function determination(predicted: Numbers, truth: Numbers): number {
  const n = truth.length;
  const mean = meanOf(n, (i) => truth[i]!);
  const variance = meanOf(n, (i) => (truth[i]! - mean) ** 2);
  const error = meanOf(n, (i) => (predicted[i]! - truth[i]!) ** 2);
  return variance === 0 ? Number.NaN : 1 - error / variance;
}

/** Pearson's correlation. @returns NaN where either side is constant */
export function pearson(a: Numbers, b: Numbers): number {
  const n = a.length;
  const [ma, mb] = [meanOf(n, (i) => a[i]!), meanOf(n, (i) => b[i]!)];
  const covariance = meanOf(n, (i) => (a[i]! - ma) * (b[i]! - mb));
  const [va, vb] = [meanOf(n, (i) => (a[i]! - ma) ** 2), meanOf(n, (i) => (b[i]! - mb) ** 2)];
  return va === 0 || vb === 0 ? Number.NaN : covariance / Math.sqrt(va * vb);
}

/** Spearman's correlation: Pearson's of the midranks. */
export function spearman(a: Numbers, b: Numbers): number {
  return pearson(midranks(a), midranks(b));
}

function meanOf(count: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += term(i);
  return sum / count;
}
