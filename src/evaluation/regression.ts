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

/**
 * Pearson's correlation.
 *
 * @param weights how much each pair counts; all alike if left out
 * @returns NaN where either side is constant
 */
export function pearson(a: Numbers, b: Numbers, weights?: Numbers): number {
  const n = a.length;
  const mean = (of: Numbers) => meanOf(n, (i) => of[i]!, weights);
  const [ma, mb] = [mean(a), mean(b)];
  const covariance = meanOf(n, (i) => (a[i]! - ma) * (b[i]! - mb), weights);
  const variance = (of: Numbers, around: number) => meanOf(n, (i) => (of[i]! - around) ** 2, weights);
  const [va, vb] = [variance(a, ma), variance(b, mb)];
  return va === 0 || vb === 0 ? Number.NaN : covariance / Math.sqrt(va * vb);
}

/** Spearman's correlation: Pearson's of the midranks. */
export function spearman(a: Numbers, b: Numbers): number {
  return pearson(midranks(a), midranks(b));
}

function meanOf(count: number, term: (i: number) => number, weights?: Numbers): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const weight = weights ? weights[i]! : 1;
    sum += weight * term(i);
    total += weight;
  }
  return sum / total;
}
