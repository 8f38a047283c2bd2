import { Order } from "./ranks.ts";

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
   * @param weights how often each example counts, by its position; once if left out
   * @returns NaN unless there are examples of both kinds, or where a score is NaN
   */
  auroc(weights?: ArrayLike<number>): number {
    let positives = 0;
    let negatives = 0;
    let wins = 0;
    this.walk(weights, false, (more, fewer) => {
      wins += more * (negatives + fewer / 2);
      positives += more;
      negatives += fewer;
    });
    return this.order.hasNaN ? Number.NaN : wins / (positives * negatives);
  }

  /**
   * Area under the precision–recall curve as a sum of steps, one per distinct score, without interpolation:
   *
   *     AP = Σₙ (Rₙ − Rₙ₋₁) Pₙ
   *
   * @param weights how often each example counts, by its position; once if left out
   * @returns NaN if no example is positive, or where a score is NaN
   */
  averagePrecision(weights?: ArrayLike<number>): number {
    let found = 0;
    let taken = 0;
    let sum = 0;
    this.walk(weights, true, (positives, negatives) => {
      found += positives;
      taken += positives + negatives;
      if (positives > 0) sum += positives * (found / taken);
    });
    return this.order.hasNaN ? Number.NaN : sum / found;
  }

  /** Tells of each run of equal scores, from the lowest or the highest on, how much is positive and how much negative. */
  private walk(
    weights: ArrayLike<number> | undefined,
    isDescending: boolean,
    tell: (positives: number, negatives: number) => void,
  ): void {
    const { ascending, ends } = this.order;
    for (let k = 0; k < ends.length; k++) {
      const group = isDescending ? ends.length - 1 - k : k;
      let positives = 0;
      let negatives = 0;
      for (let i = group === 0 ? 0 : ends[group - 1]!; i < ends[group]!; i++) {
        const weight = weights ? weights[ascending[i]!]! : 1;
        if (this.positive[i]) positives += weight;
        else negatives += weight;
      }
      tell(positives, negatives);
    }
  }
}

/** Area under the ROC curve, see `Ranking`. @param positive nonzero where an example is positive */
export function auroc(scores: ArrayLike<number>, positive: ArrayLike<number>): number {
  return new Ranking(scores, positive).auroc();
}

/** Area under the precision–recall curve, see `Ranking`. @param positive nonzero where an example is positive */
export function averagePrecision(scores: ArrayLike<number>, positive: ArrayLike<number>): number {
  return new Ranking(scores, positive).averagePrecision();
}
