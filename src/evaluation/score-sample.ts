import type { WeighedScore } from "./ranking.ts";
import { drawCount, drawCounts, REPLICATES } from "./resampling.ts";
import { RowSample } from "./row-sample.ts";
import type { Drawn } from "./tally.ts";

/** Replicates at least, however many scores there are. */
const FEWEST_REPLICATES = 50;
/** Scores that are looked at in all replicates together: a tenth of a second. */
const MOST_LOOKS = 4e6;

/**
 * Rows of scores kept for metrics that do not follow from sums, such as those of ranks, with bootstrap replicates of the
 * examples (see `resampling.ts`): computed anew in each, or to first order. Of very many examples a sample is kept, see
 * `RowSample`.
 */
export class ScoreSample {
  private readonly columns: number;
  /** The scores, then position and weight of the example. */
  private readonly sample: RowSample;

  constructor(columns: number) {
    this.columns = columns;
    this.sample = new RowSample(columns + 2);
  }

  /** @param index position of the example in its set @param weight how much it counts */
  add(index: number, weight: number, scores: readonly number[]): void {
    this.sample.add([...scores, index, weight]);
  }

  get rows(): number {
    return this.sample.rows;
  }

  at(row: number, column: number): number {
    return this.sample.at(row, column);
  }

  column(column: number): Float64Array {
    return Float64Array.from({ length: this.rows }, (_, row) => this.at(row, column));
  }

  /** How much each kept row counts. */
  get weights(): Float64Array {
    return this.column(this.columns + 1);
  }

  /**
   * Metrics that are known with their slopes: in a replicate each is taken along them, A + Σ ∂A/∂w Δw, which is what
   * DeLong's variance is of, and costs one look at each example instead of one at each of its scores.
   * DeLong, DeLong and Clarke-Pearson, Biometrics 1988, 44: 837–845.
   */
  along(scores: Readonly<Record<string, WeighedScore>>): Drawn {
    const { rows, columns, weights } = this;
    const indices = this.column(columns);
    const names = Object.keys(scores);
    const draws = Object.fromEntries(
      names.map((name) => [name, new Float64Array(REPLICATES).fill(scores[name]!.value)]),
    );
    const counts = new Float64Array(REPLICATES);
    for (let row = 0; row < rows; row++) {
      drawCounts(indices[row]!, counts);
      for (const name of names) {
        const slope = scores[name]!.slopes[row]! * weights[row]!;
        const sums = draws[name]!;
        for (let r = 0; r < REPLICATES; r++) sums[r]! += slope * (counts[r]! - 1);
      }
    }
    return { metrics: Object.fromEntries(names.map((name) => [name, scores[name]!.value])), draws };
  }

  /** @param metricsOf metrics of the kept rows where each has a weight; NaN where it cannot tell */
  judge(metricsOf: (weights: Float64Array) => Readonly<Record<string, number>>): Drawn {
    const { rows, columns } = this;
    const indices = this.column(columns);
    const { weights } = this;
    const metrics = metricsOf(weights);
    const affordable = Math.floor(MOST_LOOKS / Math.max(1, rows * columns));
    const replicates = Math.min(REPLICATES, Math.max(FEWEST_REPLICATES, affordable));
    const draws = Object.fromEntries(
      Object.keys(metrics).map((name) => [name, new Float64Array(replicates)]),
    );
    for (let r = 0; r < replicates; r++) {
      const drawn = weights.map((weight, row) => weight * drawCount(indices[row]!, r));
      for (const [name, value] of Object.entries(metricsOf(drawn))) draws[name]![r] = value; // the same names
    }
    return { metrics, draws };
  }
}
