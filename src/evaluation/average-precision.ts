import { splitScores } from "./split-scores.ts";

/**
 * Area under the precision–recall curve as a sum of steps, one per distinct score, without interpolation:
 *
 *     AP = Σₙ (Rₙ − Rₙ₋₁) Pₙ
 *
 * @param positive nonzero where an example is positive
 * @returns NaN if no example is positive, or where a score is NaN
 */
export function averagePrecision(scores: ArrayLike<number>, positive: ArrayLike<number>): number {
  const { positives, negatives } = splitScores(scores, positive);
  if (Number.isNaN(positives.at(-1)) || Number.isNaN(negatives.at(-1))) return Number.NaN;
  let above = negatives.length; // negatives[above…] score at least as high as the positive in hand
  let sum = 0;
  for (let i = positives.length - 1; i >= 0; ) {
    const score = positives[i]!;
    const before = positives.length - 1 - i;
    while (i >= 0 && positives[i] === score) i--;
    while (above > 0 && negatives[above - 1]! >= score) above--;
    const found = positives.length - 1 - i;
    sum += (found - before) * (found / (found + negatives.length - above));
  }
  return sum / positives.length;
}
