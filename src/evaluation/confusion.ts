import { meanOfKnown } from "./columns.ts";
import type { Counts } from "./precision-recall.ts";

/** Counts [true class][predicted class]. */
export type Confusion = readonly (readonly number[])[];

/** Each class against the rest. */
export function countsOf(confusion: Confusion): Counts[] {
  const predicted = columnSums(confusion);
  return confusion.map((row, c) => {
    const truePositives = row[c] ?? 0;
    return {
      truePositives,
      falsePositives: (predicted[c] ?? 0) - truePositives,
      falseNegatives: sum(row) - truePositives,
    };
  });
}

/** Those classes that are true or predicted at least once: the ones that scikit-learn averages over. */
export function occurring(classes: readonly Counts[]): Counts[] {
  return classes.filter((c) => c.truePositives + c.falsePositives + c.falseNegatives > 0);
}

/** Each class against the rest, from sums per class. */
export function countsFrom(sums: {
  readonly truePositives: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
  readonly support: ArrayLike<number>;
}): Counts[] {
  return Array.from(sums.truePositives, (truePositives, c) => ({
    truePositives,
    falsePositives: sums.predicted[c]! - truePositives,
    falseNegatives: sums.support[c]! - truePositives,
  }));
}

/** Share on the diagonal; NaN for an empty matrix. */
export function accuracyOf(confusion: Confusion): number {
  const right = confusion.reduce((total, row, c) => total + (row[c] ?? 0), 0);
  return right / confusion.reduce((total, row) => total + sum(row), 0);
}

/** Mean recall over the classes that have examples; NaN if none has. */
export function balancedAccuracy(classes: readonly Counts[]): number {
  return meanOfKnown(classes.map((c) => c.truePositives / (c.truePositives + c.falseNegatives)));
}

/**
 * Intersection over union of each class, |true ∩ predicted| / |true ∪ predicted|; NaN for a class that is neither true
 * nor predicted anywhere.
 */
export function intersectionOverUnion(classes: readonly Counts[]): number[] {
  return classes.map(({ truePositives: tp, falsePositives: fp, falseNegatives: fn }) => tp / (tp + fp + fn));
}

function columnSums(confusion: Confusion): number[] {
  const sums = confusion.map(() => 0);
  for (const row of confusion) for (const [c, n] of row.entries()) sums[c] = (sums[c] ?? 0) + n;
  return sums;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
