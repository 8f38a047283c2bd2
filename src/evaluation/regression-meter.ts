import { meanOfKnown } from "./columns.ts";
import type { JudgedBatch, JudgedPairs, Judgement, Meter } from "./meter.ts";
import { PairMoments } from "./pair-moments.ts";
import { spearman } from "./regression.ts";
import { RowSample } from "./row-sample.ts";

/** Points of a picture of predicted against true numbers, per output. */
const SHOWN = 400;

/**
 * Judges predicted numbers: errors in their own unit, the share of variance explained and correlations, as means over
 * the outputs where there are several. An example is as wrong as its mean absolute error. `loss` is the mean squared
 * error over examples and outputs.
 */
export class RegressionMeter implements Meter {
  private readonly names: readonly string[];
  private readonly moments: readonly PairMoments[];
  /** Predicted numbers, then the true ones. */
  private readonly sample: RowSample;
  private readonly wrongness: number[] = [];
  private count = 0;

  /** @param names of the outputs; one without a name for a single number */
  constructor(names: readonly string[] = [""]) {
    this.names = names;
    this.moments = names.map(() => new PairMoments());
    this.sample = new RowSample(2 * names.length);
  }

  /** `output` and `targets` [B, K], or [B] for one number. */
  add({ output, targets, indices }: JudgedBatch): void {
    const outputs = this.names.length;
    for (const [row, index] of indices.entries()) {
      const predicted = Array.from(this.names, (_, c) => output.data[row * outputs + c]!);
      const truth = Array.from(this.names, (_, c) => Number(targets.data[row * outputs + c]));
      for (const [c, moments] of this.moments.entries()) moments.add(predicted[c]!, truth[c]!);
      this.sample.add([...predicted, ...truth]);
      this.wrongness[index] = predicted.reduce((sum, p, c) => sum + Math.abs(p - truth[c]!), 0) / outputs;
      this.count++;
    }
  }

  result(): Judgement {
    const { count, moments, names, wrongness } = this;
    const byOutput = moments.map((m, c) => ({
      rmse: m.rootMeanSquaredError,
      mae: m.meanAbsoluteError,
      r2: m.determination,
      pearson: m.pearson,
      spearman: spearman(this.column(c), this.column(names.length + c)),
    }));
    const mean = (key: keyof (typeof byOutput)[number]) => meanOfKnown(byOutput.map((output) => output[key]));
    const squared = moments.reduce((sum, m) => sum + m.rootMeanSquaredError ** 2, 0) / moments.length;
    return {
      count,
      metrics: {
        ...{ rmse: mean("rmse"), mae: mean("mae"), r2: mean("r2") },
        ...{ pearson: mean("pearson"), spearman: mean("spearman"), loss: squared },
      },
      wrongness,
      ...(names.length > 1
        ? { parts: names.map((name, c) => ({ name, count, metrics: byOutput[c]! })) }
        : {}),
      pairs: names.map((name, c): JudgedPairs => ({ name, points: this.points(c) })),
    };
  }

  private column(c: number): Float32Array {
    return Float32Array.from({ length: this.sample.rows }, (_, row) => this.sample.at(row, c));
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
