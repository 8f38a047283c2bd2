/** Scores of positive and of negative examples, each from the smallest to the largest, NaN last. */
export function splitScores(
  scores: ArrayLike<number>,
  positive: ArrayLike<number>,
): { readonly positives: Float64Array; readonly negatives: Float64Array } {
  let count = 0;
  for (let i = 0; i < scores.length; i++) if (positive[i]) count++;
  const positives = new Float64Array(count);
  const negatives = new Float64Array(scores.length - count);
  let [p, n] = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    if (positive[i]) positives[p++] = scores[i]!;
    else negatives[n++] = scores[i]!;
  }
  return { positives: positives.sort(), negatives: negatives.sort() };
}
