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
  let [total, ma, mb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const weight = weights ? weights[i]! : 1;
    total += weight;
    ma += weight * a[i]!;
    mb += weight * b[i]!;
  }
  ma /= total;
  mb /= total;
  let [covariance, va, vb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const weight = weights ? weights[i]! : 1;
    const [da, db] = [a[i]! - ma, b[i]! - mb];
    covariance += weight * da * db;
    va += weight * da * da;
    vb += weight * db * db;
  }
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
