import { midranks } from "./ranks.ts";

/**
 * Area under the ROC curve: how often a positive example scores above a negative one, ties counted half.
 *
 *     AUROC = (Σ ranks of positives − P (P + 1) / 2) / (P N)     (Mann–Whitney U with midranks)
 *
 * @param positive nonzero where an example is positive
 * @returns NaN unless there are examples of both kinds
 */
export function auroc(scores: ArrayLike<number>, positive: ArrayLike<number>): number {
  const ranks = midranks(scores);
  let positives = 0;
  let sum = 0;
  for (let i = 0; i < ranks.length; i++) {
    if (!positive[i]) continue;
    positives++;
    sum += ranks[i]!;
  }
  const negatives = ranks.length - positives;
  return (sum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
