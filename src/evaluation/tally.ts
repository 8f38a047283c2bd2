import { metricFacts } from "./metric-facts.ts";
import { drawCounts, REPLICATES } from "./resampling.ts";

/** Replicates at least, however large the sums are. */
const FEWEST_REPLICATES = 50;
/** Numbers in the sums of all replicates: 64 MiB. */
const MOST_NUMBERS = 2 ** 23;

/** What was summed up, by name; of several places where there are several. */
export type Sums<Name extends string> = Readonly<Record<Name, Float64Array>>;

/** Metrics, and what each would be in replicates of the set: replicate r of two models is of the same examples. */
export interface Drawn<Metrics extends Readonly<Record<string, number>> = Readonly<Record<string, number>>> {
  readonly metrics: Metrics;
  /** Shares of examples that all count alike are left out: their interval is known without any draw. */
  readonly draws: Readonly<Record<string, Float64Array>>;
}

/**
 * Sums over examples from which metrics follow, and at the same time the sums of bootstrap replicates of the set
 * (see `resampling.ts`), so that whatever follows from sums has an interval and no example need be kept.
 *
 *     const tally = new Tally({ count: 1, right: 1 });
 *     tally.begin(index, 1);
 *     tally.add("count", 1);
 *     tally.add("right", isRight ? 1 : 0);
 *     tally.judge(({ count, right }) => ({ accuracy: right[0] / count[0] }));
 */
export class Tally<Name extends string> {
  private readonly widths: Readonly<Record<Name, number>>;
  private readonly starts: Readonly<Record<Name, number>>;
  private readonly totals: Float64Array;
  /** By place in the sums, per replicate; absent where nothing was added. */
  private readonly replicates: (Float64Array | undefined)[];
  /** How much the present example counts, in the set and in each replicate. */
  private weight = 1;
  private readonly weights: Float64Array;
  private isWeighted = false;
  /** How much was drawn in each replicate: of one without any example no metric is known. */
  private readonly drawn: Float64Array;

  /** @param widths how many places the sum of each name has */
  constructor(widths: Readonly<Record<Name, number>>, mostNumbers: number = MOST_NUMBERS) {
    let size = 0;
    const starts: Partial<Record<Name, number>> = {};
    for (const name of namesOf(widths)) {
      starts[name] = size;
      size += widths[name];
    }
    this.widths = widths;
    this.starts = starts as Record<Name, number>; // every name has its start
    this.totals = new Float64Array(size);
    this.replicates = new Array<Float64Array | undefined>(size);
    const affordable = Math.floor(mostNumbers / Math.max(1, size));
    this.weights = new Float64Array(Math.min(REPLICATES, Math.max(FEWEST_REPLICATES, affordable)));
    this.drawn = new Float64Array(this.weights.length);
  }

  /** Turns to the next example. @param index its position in the set @param weight how much it counts */
  begin(index: number, weight: number): void {
    this.weight = weight;
    this.isWeighted ||= weight !== 1;
    drawCounts(index, this.weights);
    for (let r = 0; r < this.weights.length; r++) {
      this.weights[r]! *= weight;
      this.drawn[r]! += this.weights[r]!;
    }
  }

  /** Adds what the present example has to one place of a sum. */
  add(name: Name, value: number, at: number = 0): void {
    if (value === 0) return;
    const { weights } = this;
    const place = this.starts[name] + at;
    this.totals[place]! += this.weight * value;
    let sums = this.replicates[place];
    if (!sums) {
      sums = new Float64Array(weights.length);
      this.replicates[place] = sums;
    }
    for (let r = 0; r < sums.length; r++) sums[r]! += weights[r]! * value;
  }

  /** The sums of the set itself. */
  get sums(): Sums<Name> {
    return this.named(this.totals);
  }

  /** The metrics of the set and of every replicate. */
  judge<Metrics extends Readonly<Record<string, number>>>(
    metricsOf: (sums: Sums<Name>) => Metrics,
  ): Drawn<Metrics> {
    const metrics = metricsOf(this.sums);
    const drawn = Object.keys(metrics).filter((name) => this.isWeighted || !metricFacts(name).isShare);
    const draws = Object.fromEntries(drawn.map((name) => [name, new Float64Array(this.weights.length)]));
    const sums = new Float64Array(this.totals.length);
    const named = this.named(sums);
    for (let r = 0; r < this.weights.length; r++) {
      if (this.drawn[r] === 0) {
        for (const name of drawn) draws[name]![r] = Number.NaN;
        continue;
      }
      for (let place = 0; place < sums.length; place++) sums[place] = this.replicates[place]?.[r] ?? 0;
      const ofReplicate = metricsOf(named);
      for (const name of drawn) draws[name]![r] = ofReplicate[name] ?? Number.NaN;
    }
    return { metrics, draws };
  }

  /** Views of all sums. */
  private named(sums: Float64Array): Sums<Name> {
    const entries = namesOf(this.widths).map((name) => {
      const start = this.starts[name];
      return [name, sums.subarray(start, start + this.widths[name])] as const;
    });
    return Object.fromEntries(entries) as Sums<Name>; // of exactly these names
  }
}

function namesOf<Name extends string>(widths: Readonly<Record<Name, number>>): readonly Name[] {
  return Object.keys(widths) as Name[]; // the object's own keys
}
