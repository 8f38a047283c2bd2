import { meanOfKnown } from "./columns.ts";
import { type JudgedBatch, type JudgedPairs, type Judgement, type Meter, weightOf } from "./meter.ts";
import { Order } from "./ranks.ts";
import { pearson } from "./regression.ts";
import { ScoreSample } from "./score-sample.ts";
import { type Sums, Tally } from "./tally.ts";

/** Points of a picture of predicted against true numbers, per output. */
const SHOWN = 400;

/** Sums over examples, of each output. Numbers are taken from the first true one on: see `add`. */
type Summed =
  | "count"
  | ("predicted" | "truth" | "predicted²" | "truth²")
  | ("product" | "absoluteError" | "squaredError");

/**
 * Judges predicted numbers: errors in their own unit, the share of variance explained and correlations, as means over
 * the outputs where there are several. An example is as wrong as its mean absolute error. `loss` is the mean squared
 * error over examples and outputs.
 */
export class RegressionMeter implements Meter {
  private readonly names: readonly string[];
  private readonly tally: Tally<Summed>;
  /** Predicted numbers, then the true ones. */
  private readonly sample: ScoreSample;
  private readonly wrongness: number[] = [];
  private origin: readonly number[] | null = null;
  private count = 0;

  /** @param names of the outputs; one without a name for a single number */
  constructor(names: readonly string[] = [""]) {
    const { length } = names;
    this.names = names;
    this.sample = new ScoreSample(2 * length);
    this.tally = new Tally({
      ...{ count: 1, predicted: length, truth: length, "predicted²": length, "truth²": length },
      ...{ product: length, absoluteError: length, squaredError: length },
    });
  }

  /** `output` and `targets` [B, K], or [B] for one number. */
  add(batch: JudgedBatch): void {
    const { output, targets, indices } = batch;
    const { names, tally } = this;
    const outputs = names.length;
    for (const [row, index] of indices.entries()) {
      const weight = weightOf(batch, row);
      const predicted = Array.from(names, (_, c) => output.data[row * outputs + c]!);
      const truth = Array.from(names, (_, c) => Number(targets.data[row * outputs + c]));
      // Squares of large numbers with little spread would lose the spread; those of distances from one of them do not.
      this.origin ??= truth;
      tally.begin(index, weight);
      tally.add("count", 1);
      for (const [c, from] of this.origin.entries()) {
        const [p, t] = [predicted[c]! - from, truth[c]! - from];
        tally.add("predicted", p, c);
        tally.add("truth", t, c);
        tally.add("predicted²", p * p, c);
        tally.add("truth²", t * t, c);
        tally.add("product", p * t, c);
        tally.add("absoluteError", Math.abs(p - t), c);
        tally.add("squaredError", (p - t) ** 2, c);
      }
      this.sample.add(index, weight, [...predicted, ...truth]);
      this.wrongness[index] = predicted.reduce((sum, p, c) => sum + Math.abs(p - truth[c]!), 0) / outputs;
      this.count++;
    }
  }

  result(): Judgement {
    const { count, names, tally, wrongness } = this;
    const summed = tally.judge((sums) => ({
      ...averaged(names.map((_, c) => scoresFrom(sums, c))),
      loss: meanOfKnown(Array.from(sums.squaredError, (sum) => sum / sums.count[0]!)),
    }));
    const correlations = this.rankCorrelations();
    const ranked = this.sample.judge((weights) => averaged(correlations(weights)));
    const parts = names.map((name, c) => ({
      name,
      count,
      metrics: { ...scoresFrom(tally.sums, c), ...correlations(this.sample.weights)[c]! },
    }));
    return {
      count,
      metrics: { ...summed.metrics, ...ranked.metrics },
      draws: { ...summed.draws, ...ranked.draws },
      wrongness,
      ...(names.length > 1 ? { parts } : {}),
      pairs: names.map((name, c): JudgedPairs => ({ name, points: this.points(c) })),
    };
  }

  /** Spearman's correlation of each output, under any weights. */
  private rankCorrelations(): (weights: Float64Array) => { readonly spearman: number }[] {
    const { names, sample } = this;
    const orders = names.map((_, c) => ({
      predicted: new Order(sample.column(c)),
      truth: new Order(sample.column(names.length + c)),
    }));
    return (weights) =>
      orders.map(({ predicted, truth }) => ({
        spearman: pearson(predicted.midranks(weights), truth.midranks(weights), weights),
      }));
  }

  /** Some examples, spread evenly over those that are kept. */
  private points(c: number): [number, number][] {
    const { sample, names } = this;
    const shown = Math.min(SHOWN, sample.rows);
    return Array.from({ length: shown }, (_, i) => {
      const row = Math.floor((i * sample.rows) / shown);
      return [sample.at(row, names.length + c), sample.at(row, c)];
    });
  }
}

/** Scores of one output. R² is NaN where all true numbers are the same, the correlation where either side is. */
function scoresFrom(sums: Sums<Summed>, c: number) {
  const mean = (name: Summed) => sums[name][c]! / sums.count[0]!;
  const [p, t] = [mean("predicted"), mean("truth")];
  const varianceP = mean("predicted²") - p * p;
  const varianceT = mean("truth²") - t * t;
  const spread = varianceP > 0 && varianceT > 0 ? Math.sqrt(varianceP * varianceT) : 0;
  return {
    rmse: Math.sqrt(mean("squaredError")),
    mae: mean("absoluteError"),
    r2: varianceT > 0 ? 1 - mean("squaredError") / varianceT : Number.NaN,
    pearson: spread === 0 ? Number.NaN : (mean("product") - p * t) / spread,
  };
}

/** The mean of each score over the outputs that have it. */
function averaged<Name extends string>(outputs: readonly Readonly<Record<Name, number>>[]) {
  const names = Object.keys(outputs[0] ?? {}) as Name[]; // each output has the same
  const means = names.map((name) => [name, meanOfKnown(outputs.map((output) => output[name]))] as const);
  return Object.fromEntries(means) as Record<Name, number>; // of these names
}
