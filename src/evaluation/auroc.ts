import { splitScores } from "./split-scores.ts";

/**
 * Area under the ROC curve: how often a positive example scores above a negative one, ties counted half
 * (Mann and Whitney's U over all pairs).
 *
 * @param positive nonzero where an example is positive
 * @returns NaN unless there are examples of both kinds, or where a score is NaN
 */
export function auroc(scores: ArrayLike<number>, positive: ArrayLike<number>): number {
  const { positives, negatives } = splitScores(scores, positive);
  let below = 0;
  let upTo = 0;
  let wins = 0;
  for (const score of positives) {
    while (below < negatives.length && negatives[below]! < score) below++;
    while (upTo < negatives.length && negatives[upTo]! <= score) upTo++;
    wins += (below + upTo) / 2;
  }
  const pairs = positives.length * negatives.length;
  return Number.isNaN(positives.at(-1)) || Number.isNaN(negatives.at(-1)) ? Number.NaN : wins / pairs;
}
