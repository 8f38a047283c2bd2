import type { Dataset } from "../data/dataset.ts";
import type { OutputScale } from "../heads/new-head.ts";

/**
 * The scale of the numbers that a training set is labelled with, for each number: their mean and standard deviation,
 * 1 where all are the same. null where labels are no numbers.
 */
export function numberScale(train: Dataset): OutputScale | null {
  const { labelling, length } = train;
  if (labelling !== "numbers" || length === 0) return null;
  const labels = (i: number) => train.labels?.(i) ?? [train.label(i)];
  const sums = labels(0).map(() => 0);
  for (let i = 0; i < length; i++) for (const [k, v] of labels(i).entries()) sums[k]! += v;
  const mean = sums.map((sum) => sum / length);
  const squares = mean.map(() => 0);
  for (let i = 0; i < length; i++)
    for (const [k, v] of labels(i).entries()) squares[k]! += (v - mean[k]!) ** 2;
  return { mean, deviation: squares.map((s) => Math.sqrt(s / length) || 1) };
}
