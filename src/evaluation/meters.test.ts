import { describe, expect, it } from "vitest";
import { ClassificationMeter } from "./classification-meter.ts";
import { judgedBatch, metricGoldens } from "./goldens.fixtures.ts";
import type { JudgedBatch, Judgement, Meter } from "./meter.ts";
import { METRICS } from "./metric-facts.ts";
import { MultiLabelMeter } from "./multi-label-meter.ts";
import { NextTokenMeter } from "./next-token-meter.ts";
import { RegressionMeter } from "./regression-meter.ts";
import { SegmentationMeter } from "./segmentation-meter.ts";
import { TaggingMeter } from "./tagging-meter.ts";

/** Relative: logits are float32. */
const TOLERANCE = 1e-6;

/** What a meter says of some batches; every name in it must be in the table of facts. */
function judged(create: () => Meter, batches: readonly JudgedBatch[]): Judgement {
  const meter = create();
  for (const batch of batches) meter.add(batch);
  const result = meter.result();
  expect(result.wrongness).toHaveLength(result.count);
  for (const name of [result, ...(result.parts ?? [])].flatMap((r) => Object.keys(r.metrics)))
    expect(METRICS.map((m) => m.name)).toContain(name);
  return result;
}

function expectMetrics(result: Judgement, expected: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(expected)) {
    const got = result.metrics[name] ?? Number.NaN;
    expect(Math.abs(got - value) / Math.max(1, Math.abs(value)), name).toBeLessThan(TOLERANCE);
  }
}

describe.each(metricGoldens.classification)("a classifier of $classes classes", (golden) => {
  const batch = judgedBatch(
    golden.logits,
    golden.truth.map((t) => [t]),
    [golden.classes],
  );
  const result = judged(() => new ClassificationMeter(golden.classes), [batch]);

  it("is judged as scikit-learn and TorchMetrics do", () => {
    expect(result.confusion).toEqual(golden.confusion);
    expectMetrics(result, {
      accuracy: golden.accuracy,
      "balanced-accuracy": golden.balancedAccuracy,
      "macro-f1": golden.averages.macro.f1,
      auroc: golden.auroc,
      ece: golden.ece,
      brier: golden.brier,
      loss: golden.loss,
    });
  });

  it("was right by the bits where its largest logit is the class, in the set's order", () => {
    const right = golden.truth.map(
      (label, i) => golden.logits[i]!.indexOf(Math.max(...golden.logits[i]!)) === label,
    );
    expect(right).toEqual(right.map((_, i) => ((result.correct![i >> 3]! >> (i & 7)) & 1) === 1));
    expect(right).toEqual(right.map((_, i) => result.wrongness[i] === 0));
  });

  it("is judged by its first five only where there are more classes than that", () => {
    expect("top-5" in result.metrics).toBe(golden.classes > 5);
  });
});

it("huge logits do not overflow, and sure answers keep their order", () => {
  const rows = [
    [1e30, 0],
    [0, 1e30],
    [60, 0],
    [50, 0],
  ];
  const { metrics } = judged(
    () => new ClassificationMeter(2),
    [judgedBatch(rows, [[0], [1], [0], [0]], [2])],
  );
  expect([metrics.loss, metrics.accuracy, metrics.auroc]).toEqual([0, 1, 1]);
});

it("several labels at once are judged as scikit-learn does", () => {
  const { logits, truth, subsetAccuracy, averages, auroc, map } = metricGoldens.multiLabel;
  const names = ["a", "b", "c", "d", "e"];
  const result = judged(() => new MultiLabelMeter(names), [judgedBatch(logits, truth, [5])]);
  const macro = averages.macro.f1;
  const micro = averages.micro.f1;
  expectMetrics(result, {
    "subset-accuracy": subsetAccuracy,
    "macro-f1": macro,
    "micro-f1": micro,
    auroc,
    map,
  });
  const loss = logits.flatMap((row, i) =>
    row.map((x, c) => Math.log1p(Math.exp(truth[i]![c] === 1 ? -x : x))),
  );
  expectMetrics(result, { loss: loss.reduce((a, b) => a + b, 0) / loss.length });
  expect(result.parts?.map((p) => p.name)).toEqual(names);
  expect(result.parts?.[4]?.count).toBe(truth.filter((row) => row[4] === 1).length);
});

it.each(metricGoldens.regression)("numbers are judged as scikit-learn and SciPy do", (golden) => {
  const outputs = golden.truth[0]!.length;
  const names = outputs === 1 ? [""] : ["x", "y", "z"];
  const half = golden.truth.length / 2;
  const part = (from: number, to: number) =>
    judgedBatch(golden.predicted.slice(from, to), golden.truth.slice(from, to), [outputs]);
  const later = part(half, 2 * half);
  const result = judged(
    () => new RegressionMeter(names),
    [part(0, half), { ...later, indices: later.indices.map((i) => i + half) }],
  );
  const { rmse, mae, r2, pearson, spearman } = golden;
  expectMetrics(result, { rmse, mae, r2, pearson, spearman });
  expect(result.pairs?.[0]?.points).toHaveLength(golden.truth.length);
  expect(result.parts?.map((p) => p.name)).toEqual(outputs === 1 ? undefined : names);
});

it.each(metricGoldens.tagging)(
  "tags are judged as seqeval does, without the tokens that do not count",
  (golden) => {
    const tags = [...new Set([...golden.truth, ...golden.predicted].flat())].sort();
    const length = 13;
    const rows = golden.predicted.map((sentence) =>
      Array.from({ length }, (_, t) => tags.map((tag) => (t > 0 && tag === sentence[t - 1] ? 5 : 0))).flat(),
    );
    const targets = golden.truth.map((sentence) =>
      Array.from({ length }, (_, t) =>
        t > 0 && t <= sentence.length ? tags.indexOf(sentence[t - 1]!) : -100,
      ),
    );
    const result = judged(() => new TaggingMeter(tags), [judgedBatch(rows, targets, [length, tags.length])]);
    const { f1, precision, recall } = golden.averages.micro;
    expectMetrics(result, {
      ...{ "entity-f1": f1, "entity-precision": precision, "entity-recall": recall },
      "token-accuracy": golden.tokenAccuracy,
    });
    expect(result.parts?.map((p) => [p.name, p.count])).toEqual(
      Object.entries(golden.byType).map(([name, { support }]) => [name, support]),
    );
  },
);

it("masks are judged as TorchMetrics does, without the ignored pixels", () => {
  const { classes, ignored, truth, predicted, miou, pixelAccuracy } = metricGoldens.segmentation;
  const images = 3;
  const area = truth.length / images;
  const each = <T>(make: (pixels: readonly number[], i: number) => T, all: readonly number[]) =>
    Array.from({ length: images }, (_, i) => make(all.slice(i * area, (i + 1) * area), i));
  const rows = each(
    (pixels) => Array.from({ length: classes }, (_, c) => pixels.map((p) => (p === c ? 2 : 0))).flat(),
    predicted,
  );
  const names = Array.from({ length: classes }, (_, c) => `class ${c}`);
  const result = judged(
    () => new SegmentationMeter(names, { ignoreIndex: ignored }),
    [
      judgedBatch(
        rows,
        each((pixels) => pixels, truth),
        [classes, 10, area / 10],
      ),
    ],
  );
  expectMetrics(result, { miou, "pixel-accuracy": pixelAccuracy });
  const [sure, unsure] = [Math.log(Math.exp(2) + classes - 1) - 2, Math.log(Math.exp(2) + classes - 1)];
  expectMetrics(result, { loss: pixelAccuracy * sure + (1 - pixelAccuracy) * unsure });
});

it("the perplexity of a language model is TorchMetrics', over judged tokens alone", () => {
  const { logits, targets, perplexity, tokenAccuracy } = metricGoldens.language;
  const rows = logits.map((text) => text.flat());
  const result = judged(() => new NextTokenMeter(), [judgedBatch(rows, targets, [7, 11])]);
  expectMetrics(result, { perplexity, "token-accuracy": tokenAccuracy });
});
