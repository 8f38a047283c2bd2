import { describe, expect, it } from "vitest";
import { metricGoldens } from "./goldens.fixtures.ts";
import { auroc, averagePrecision, Ranking } from "./ranking.ts";

describe("scores with ties", () => {
  it.each(metricGoldens.binary)("have scikit-learn's AUROC and average precision", (golden) => {
    expect(auroc(golden.scores, golden.positive)).toBeCloseTo(golden.auroc, 12);
    expect(averagePrecision(golden.scores, golden.positive)).toBeCloseTo(golden.averagePrecision, 12);
  });

  it("that are all alike tell nothing: AUROC is a half, average precision the share of positives", () => {
    expect(auroc([1, 1, 1, 1], [1, 0, 0, 0])).toBe(0.5);
    expect(averagePrecision([1, 1, 1, 1], [1, 0, 0, 0])).toBe(0.25);
  });

  it("of one kind of example only have no AUROC, and without positives no average precision", () => {
    expect(auroc([1, 2], [1, 1])).toBeNaN();
    expect(averagePrecision([1, 2], [0, 0])).toBeNaN();
  });
});

it.each(metricGoldens.binary)("an example of weight k counts as k examples", ({ scores, positive }) => {
  const weights = scores.map((_, i) => i % 4);
  const repeat = (values: readonly number[]) => values.flatMap((v, i) => new Array<number>(i % 4).fill(v));
  const ranking = new Ranking(scores, positive);
  expect(ranking.auroc(weights).value).toBeCloseTo(auroc(repeat(scores), repeat(positive)), 12);
  const precision = averagePrecision(repeat(scores), repeat(positive));
  expect(ranking.averagePrecision(weights).value).toBeCloseTo(precision, 12);
});

it.each(metricGoldens.binary)(
  "slopes are those of finite differences in the weights",
  ({ scores, positive }) => {
    const weights = scores.map((_, i) => 0.5 + (i % 4));
    const ranking = new Ranking(scores, positive);
    const step = 1e-5;
    for (const score of ["auroc", "averagePrecision"] as const) {
      const { slopes } = ranking[score](weights);
      const at = (i: number, by: number) =>
        ranking[score](weights.map((w, k) => (k === i ? w + by : w))).value;
      scores.forEach((_, i) => {
        expect(slopes[i]).toBeCloseTo((at(i, step) - at(i, -step)) / (2 * step), 8);
      });
    }
  },
);
