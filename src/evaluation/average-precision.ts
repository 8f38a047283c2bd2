import { ascending } from "./ranks.ts";

/**
 * Area under the precision–recall curve as a sum of steps, one per distinct score, without interpolation:
 *
 *     AP = Σₙ (Rₙ − Rₙ₋₁) Pₙ
 *
 * @param positive nonzero where an example is positive
 * @returns NaN if no example is positive
 */
export function averagePrecision(scores: ArrayLike<number>, positive: ArrayLike<number>): number {
  const order = ascending(scores).reverse();
  let found = 0;
  let sum = 0;
  for (let from = 0; from < order.length; ) {
    const before = found;
    let to = from;
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) {
      if (positive[order[to]!]) found++;
      to++;
    }
    sum += (found - before) * (found / to);
    from = to;
  }
  return sum / found;
}
