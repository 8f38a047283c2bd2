import { describe, expect, it } from "vitest";
import { createRandom } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import { ClassificationMeter } from "./classification-meter.ts";
import { intervalsOf } from "./estimates.ts";
import { bootstrapGoldens, type GoldenIntervals, judgedBatch, metricGoldens } from "./goldens.fixtures.ts";
import { drawnInterval, percentile, shareInterval } from "./intervals.ts";
import type { Judgement, Meter } from "./meter.ts";
import { MultiLabelMeter } from "./multi-label-meter.ts";
import { NextTokenMeter } from "./next-token-meter.ts";
import { RegressionMeter } from "./regression-meter.ts";
import { drawCount, drawCounts } from "./resampling.ts";
import { TaggingMeter } from "./tagging-meter.ts";
import { Tally } from "./tally.ts";

describe("how often an example counts", () => {
  it("is Poisson(1), apart for each example and each replicate", () => {
    const [examples, replicates] = [500, 400];
    const counts = Array.from({ length: examples }, (_, i) => {
      const row = new Uint8Array(replicates);
      drawCounts(i, row);
      return row;
    });
    const all = counts.flatMap((row) => [...row]);
    const share = (k: number) => all.filter((n) => n === k).length / all.length;
    [0.36788, 0.36788, 0.18394, 0.06131, 0.01533].forEach((p, k) => {
      expect(Math.abs(share(k) - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / all.length));
    });
    const product = (of: (i: number, r: number) => number) => {
      let sum = 0;
      for (let i = 1; i < examples; i++)
        for (let r = 1; r < replicates; r++) sum += (counts[i]![r]! - 1) * (of(i, r) - 1);
      return sum / (examples * replicates);
    };
    const bound = 4 / Math.sqrt(examples * replicates);
    expect(Math.abs(product((i, r) => counts[i]![r - 1]!))).toBeLessThan(bound);
    expect(Math.abs(product((i, r) => counts[i - 1]![r]!))).toBeLessThan(bound);
  });

  it("is the same asked one by one", () => {
    const row = new Float64Array(7);
    drawCounts(123, row);
    expect([...row]).toEqual(Array.from(row, (_, r) => drawCount(123, r)));
  });
});

describe("a sum over examples", () => {
  const n = 2000;
  const random = createRandom(3);
  const right: number[] = Array.from({ length: n }, () => (random.next() < 0.8 ? 1 : 0));
  const judge = (indices: readonly number[], weight: (i: number) => number) => {
    const tally = new Tally({ count: 1, right: 1 });
    for (const i of indices) {
      tally.begin(i, weight(i));
      tally.add("count", 1);
      tally.add("right", right[i]!);
    }
    return tally.judge(({ count, right: sum }) => ({ "token-accuracy": sum[0]! / count[0]! }));
  };
  const all = right.map((_, i) => i);

  it("has the binomial interval where it is one of hits", () => {
    const { metrics, draws } = judge(all, () => 1);
    const share = metrics["token-accuracy"]!;
    const [drawn, wilson] = [
      drawnInterval(share, draws["token-accuracy"]!)!,
      shareInterval({ count: n, share }),
    ];
    // Ends of 400 draws vary by about 0.13 deviations, a fifteenth of the interval's half width.
    const tolerance = 0.2 * (wilson.high - share);
    expect(Math.abs(drawn.low - wilson.low)).toBeLessThan(tolerance);
    expect(Math.abs(drawn.high - wilson.high)).toBeLessThan(tolerance);
  });

  it("does not depend on the order in which examples come", () => {
    const [there, back] = [judge(all, () => 1), judge([...all].reverse(), () => 1)];
    expect(there).toEqual(back);
  });

  it("counts examples by their weights: a doubled half is a set in which that half occurs twice", () => {
    const weighted = judge(all, (i) => (i < n / 2 ? 2 : 1)).metrics["token-accuracy"]!;
    const sum = right.reduce((s, r, i) => s + r * (i < n / 2 ? 2 : 1), 0);
    expect(weighted).toBeCloseTo(sum / (1.5 * n), 12);
  });

  it("knows nothing of replicates in which no example was drawn", () => {
    const tally = new Tally({ count: 1 });
    tally.begin(0, 1);
    tally.add("count", 1);
    const { draws } = tally.judge(({ count }) => ({ loss: count[0]! }));
    const share = draws.loss!.filter((draw) => Number.isNaN(draw)).length / draws.loss!.length;
    expect(Math.abs(share - Math.exp(-1))).toBeLessThan(0.1);
  });

  it("has fewer replicates where it is very wide, and none is held for places that stay empty", () => {
    const tally = new Tally({ count: 1000 }, 60_000);
    tally.begin(0, 1);
    tally.add("count", 1, 7);
    expect(tally.judge(({ count }) => ({ loss: count[7]! })).draws.loss).toHaveLength(60);
  });
});

/** Ends may lie this many deviations beside an ordinary bootstrap's: both are of few hundred draws, of few examples. */
const TOLERANCE = 0.4;

function expectIntervals(create: () => Meter, batch: Parameters<Meter["add"]>[0], golden: GoldenIntervals) {
  const meter = create();
  meter.add(batch);
  const intervals = intervalsOf(meter.result());
  for (const [name, { low, high, deviation }] of Object.entries(golden)) {
    const [from, to] = intervals[name] ?? [Number.NaN, Number.NaN];
    expect(Math.abs(from - low) / deviation, `${name}, low`).toBeLessThan(TOLERANCE);
    expect(Math.abs(to - high) / deviation, `${name}, high`).toBeLessThan(TOLERANCE);
  }
}

describe("intervals are those of an ordinary bootstrap with scikit-learn", () => {
  it.each(metricGoldens.classification.map((golden, k) => ({ golden, k })))(
    "of a classifier of $golden.classes classes",
    ({ golden: { classes, logits, truth }, k }) => {
      const batch = judgedBatch(
        logits,
        truth.map((t) => [t]),
        [classes],
      );
      expectIntervals(() => new ClassificationMeter(classes), batch, bootstrapGoldens.classification[k]!);
    },
  );

  it("of several labels", () => {
    const { logits, truth } = metricGoldens.multiLabel;
    const names = ["a", "b", "c", "d", "e"];
    expectIntervals(
      () => new MultiLabelMeter(names),
      judgedBatch(logits, truth, [5]),
      bootstrapGoldens.multiLabel,
    );
  });

  it.each(metricGoldens.regression.map((golden, k) => ({ golden, k })))(
    "of numbers ($k)",
    ({ golden: { predicted, truth }, k }) => {
      const names = truth[0]!.map((_, c) => `number ${c}`);
      const batch = judgedBatch(predicted, truth, [names.length]);
      expectIntervals(() => new RegressionMeter(names), batch, bootstrapGoldens.regression[k]!);
    },
  );

  it.each(metricGoldens.tagging.map((golden, k) => ({ golden, k })))("of tags ($k)", ({ golden, k }) => {
    const tags = [...new Set([...golden.truth, ...golden.predicted].flat())].sort();
    const length = Math.max(...golden.truth.map((sentence) => sentence.length));
    const rows = golden.predicted.map((sentence) =>
      Array.from({ length }, (_, t) => tags.map((tag) => (tag === sentence[t] ? 5 : 0))).flat(),
    );
    const targets = golden.truth.map((sentence) =>
      Array.from({ length }, (_, t) => (t < sentence.length ? tags.indexOf(sentence[t]!) : -100)),
    );
    const batch = judgedBatch(rows, targets, [length, tags.length]);
    expectIntervals(() => new TaggingMeter(tags), batch, bootstrapGoldens.tagging[k]!);
  });
});

describe("an example of weight k counts as k examples", () => {
  const weightOf = (i: number) => i % 3;
  const repeat = <T>(rows: readonly T[]) => rows.flatMap((row, i) => new Array<T>(weightOf(i)).fill(row));
  const multi = metricGoldens.multiLabel;
  const [one] = metricGoldens.classification;
  const [, numbers] = metricGoldens.regression;
  it.each([
    {
      name: "of a classifier",
      create: () => new ClassificationMeter(3),
      ...{ rows: one!.logits, targets: one!.truth.map((t) => [t]), dims: [3] },
    },
    {
      name: "of several labels",
      create: () => new MultiLabelMeter(["a", "b", "c", "d", "e"]),
      ...{ rows: multi.logits, targets: multi.truth, dims: [5] },
    },
    {
      name: "of numbers",
      create: () => new RegressionMeter(["x", "y", "z"]),
      ...{ rows: numbers!.predicted, targets: numbers!.truth, dims: [3] },
    },
  ])("$name", ({ create, rows, targets, dims }) => {
    const [weighted, repeated] = [create(), create()];
    const batch = judgedBatch(rows, targets, dims);
    const weights = tensor("float32", [rows.length + 1], new Float32Array(rows.length + 1));
    for (const [row, index] of batch.indices.entries()) weights.data[row] = weightOf(index);
    weighted.add({ ...batch, weights });
    repeated.add(judgedBatch(repeat(rows), repeat(targets), dims));
    const [got, expected] = [weighted.result(), repeated.result()];
    for (const [metric, value] of Object.entries(expected.metrics))
      expect(got.metrics[metric], metric).toBeCloseTo(value, 6);
    // A share of weights has no binomial interval.
    for (const metric of Object.keys(got.metrics)) expect(got.draws, metric).toHaveProperty([metric]);
  });
});

it("draws that never vary give no interval, and an interval stays within what the metric can be", () => {
  expect(drawnInterval(1, new Float64Array(400).fill(1))).toBeUndefined();
  const draws = Float64Array.from({ length: 400 }, (_, r) => 0.98 + (r % 5) / 100);
  expect(drawnInterval(0.999, draws, [0, 1])?.high).toBe(1);
  const skewed = Float64Array.from({ length: 400 }, (_, r) => (r < 5 ? 0 : 1));
  expect(drawnInterval(1, skewed, [0, 1])).toEqual({ value: 1, low: 1, high: 1 });
  expect(percentile(Float64Array.of(0, 1, 2, 3), 0.5)).toBe(1.5);
});

it("the perplexity of a language model has the interval that resampled texts give", () => {
  const texts = 300;
  const random = createRandom(1);
  const rows = Array.from({ length: texts }, () => Array.from({ length: 6 }, () => random.normal()));
  const meter = new NextTokenMeter();
  const targets = rows.map((_, i) => [i % 3, i % 4 === 0 ? -100 : 1]);
  meter.add(judgedBatch(rows, targets, [2, 3]));
  const judged: Judgement = meter.result();
  const [low, high] = intervalsOf(judged).perplexity!;
  // The delta method: the deviation of a ratio of sums, times the derivative of exp.
  const losses = rows.map((row, i) =>
    targets[i]!.reduce((sum, label, t) => {
      if (label < 0) return sum;
      const logits = row.slice(3 * t, 3 * t + 3);
      return sum + Math.log(logits.reduce((s, x) => s + Math.exp(x), 0)) - logits[label]!;
    }, 0),
  );
  const tokens = targets.map((row) => row.filter((label) => label >= 0).length);
  const total = tokens.reduce((a, b) => a + b, 0);
  const mean = losses.reduce((a, b) => a + b, 0) / total;
  const squares = losses.reduce((s, loss, i) => s + (loss - mean * tokens[i]!) ** 2, 0);
  const deviation = (Math.exp(mean) * Math.sqrt(squares)) / total;
  expect(judged.metrics.perplexity).toBeCloseTo(Math.exp(mean), 5);
  expect((high - low) / (2 * 1.96 * deviation)).toBeGreaterThan(0.85);
  expect((high - low) / (2 * 1.96 * deviation)).toBeLessThan(1.15);
});
