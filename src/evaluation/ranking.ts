import { Order } from "./ranks.ts";

/** Weight of the positive and of the negative examples in each run of equal scores, from the lowest to the highest. */
interface Groups {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

/** A score under some weights, and by how much it grows with the weight of each example. */
export interface WeighedScore {
  readonly value: number;
  /** ∂ value / ∂ weight, by the example's position. */
  readonly slopes: Float64Array;
}

/** Scores of positive and negative examples in order, judged again and again under other weights. */
export class Ranking {
  private readonly order: Order;
  /** In ascending order of the scores: nonzero where the example is positive. */
  private readonly positive: Uint8Array;

  /** @param positive nonzero where an example is positive */
  constructor(scores: ArrayLike<number>, positive: ArrayLike<number>) {
    this.order = new Order(scores);
    this.positive = Uint8Array.from(this.order.ascending, (i) => Number(Boolean(positive[i])));
  }

  /**
   * Area under the ROC curve: how often a positive example scores above a negative one, ties counted half
   * (Mann and Whitney's U over all pairs).
   *
   *     A = W / PN,   ∂A/∂w = (N below it + half of those beside it) / PN − A / P   of a positive one,
   *                           (P above it + half of those beside it) / PN − A / N   of a negative one
   *
   * @param weights how often each example counts, by its position; once if left out
   * @returns NaN unless there are examples of both kinds, or where a score is NaN
   */
  auroc(weights?: ArrayLike<number>): WeighedScore {
    const { positives, negatives } = this.groups(weights);
    const [allPositive, allNegative] = [sum(positives), sum(negatives)];
    const ofPositive = new Float64Array(positives.length);
    const ofNegative = new Float64Array(positives.length);
    let [below, above, wins] = [0, allPositive, 0];
    for (const [g, more] of positives.entries()) {
      const fewer = negatives[g]!;
      above -= more;
      ofPositive[g] = below + fewer / 2;
      ofNegative[g] = above + more / 2;
      wins += more * ofPositive[g]!;
      below += fewer;
    }
    const pairs = allPositive * allNegative;
    const value = this.order.hasNaN ? Number.NaN : wins / pairs;
    return {
      value,
      slopes: this.spread(
        ofPositive.map((n) => n / pairs - value / allPositive),
        ofNegative.map((n) => n / pairs - value / allNegative),
      ),
    };
  }

  /**
   * Area under the precision–recall curve as a sum of steps, one per distinct score, without interpolation:
   *
   *     A = Σₙ (Rₙ − Rₙ₋₁) Pₙ = Σₙ pₙ Pₙ / p,   Pₙ = Tₙ / Kₙ, true and all among those down to score n
   *     ∂A/∂w = Σₙ pₙ ([positive] / Kₙ − Tₙ / Kₙ²) / p   over the scores n up to its own
   *             + (Pₙ − A) / p at its own, of a positive one
   *
   * @param weights how often each example counts, by its position; once if left out
   * @returns NaN if no example is positive, or where a score is NaN
   */
  averagePrecision(weights?: ArrayLike<number>): WeighedScore {
    const { positives, negatives } = this.groups(weights);
    const all = sum(positives);
    const precisions = new Float64Array(positives.length);
    const kept = new Float64Array(positives.length);
    let [found, taken, total] = [0, 0, 0];
    for (let g = positives.length - 1; g >= 0; g--) {
      found += positives[g]!;
      taken += positives[g]! + negatives[g]!;
      kept[g] = taken;
      precisions[g] = taken > 0 ? found / taken : 0;
      total += positives[g]! * precisions[g]!;
    }
    const value = this.order.hasNaN ? Number.NaN : total / all;
    const ofPositive = new Float64Array(positives.length);
    const ofNegative = new Float64Array(positives.length);
    let [gain, loss] = [0, 0];
    for (const [g, more] of positives.entries()) {
      if (kept[g]! > 0) {
        gain += more / kept[g]!;
        loss += (more * precisions[g]!) / kept[g]!;
      }
      ofPositive[g] = (precisions[g]! - value + gain - loss) / all;
      ofNegative[g] = -loss / all;
    }
    return { value, slopes: this.spread(ofPositive, ofNegative) };
  }

  private groups(weights: ArrayLike<number> | undefined): Groups {
    const { ascending, ends } = this.order;
    const positives = new Float64Array(ends.length);
    const negatives = new Float64Array(ends.length);
    for (let g = 0, i = 0; g < ends.length; g++) {
      for (; i < ends[g]!; i++) {
        const weight = weights ? weights[ascending[i]!]! : 1;
        if (this.positive[i]) positives[g]! += weight;
        else negatives[g]! += weight;
      }
    }
    return { positives, negatives };
  }

  /** What is known of each run of equal scores, by the position of the examples in it. */
  private spread(ofPositive: Float64Array, ofNegative: Float64Array): Float64Array {
    const { ascending, ends } = this.order;
    const slopes = new Float64Array(ascending.length);
    for (let g = 0, i = 0; g < ends.length; g++) {
      for (; i < ends[g]!; i++) slopes[ascending[i]!] = (this.positive[i] ? ofPositive : ofNegative)[g]!;
    }
    return slopes;
  }
}

/** The mean of several scores, of those that are defined. */
export function meanScore(scores: readonly WeighedScore[], examples: number): WeighedScore {
  const known = scores.filter(({ value }) => !Number.isNaN(value));
  const slopes = new Float64Array(examples);
  for (const score of known) for (let i = 0; i < examples; i++) slopes[i]! += score.slopes[i]! / known.length;
  return { value: sum(known.map(({ value }) => value)) / known.length, slopes };
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

/** Area under the ROC curve, see `Ranking`. @param positive nonzero where an example is positive */
export function auroc(scores: ArrayLike<number>, positive: ArrayLike<number>): number {
  return new Ranking(scores, positive).auroc().value;
}

/** Area under the precision–recall curve, see `Ranking`. @param positive nonzero where an example is positive */
export function averagePrecision(scores: ArrayLike<number>, positive: ArrayLike<number>): number {
  return new Ranking(scores, positive).averagePrecision().value;
}
