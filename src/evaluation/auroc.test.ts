import { describe, expect, it } from "vitest";
import { auroc } from "./auroc.ts";
import { averagePrecision } from "./average-precision.ts";
import { meanOfKnown, scoreColumns, tableOf } from "./columns.ts";
import { metricGoldens } from "./goldens.fixtures.ts";

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

describe("several labels", () => {
  const { logits, truth, auroc: expected, map } = metricGoldens.multiLabel;
  const isPositive = (row: number, c: number) => truth[row]![c] === 1;

  it("have scikit-learn's macro AUROC and mAP", () => {
    const table = tableOf(logits.flat(), logits[0]!.length);
    expect(meanOfKnown(scoreColumns(auroc, table, isPositive))).toBeCloseTo(expected, 12);
    expect(meanOfKnown(scoreColumns(averagePrecision, table, isPositive))).toBeCloseTo(map, 12);
  });

  it("do not count where no example bears them", () => {
    const wider = tableOf(
      logits.flatMap((row) => [...row, 1]),
      logits[0]!.length + 1,
    );
    const scores = scoreColumns(averagePrecision, wider, isPositive);
    expect(scores.at(-1)).toBeNaN();
    expect(meanOfKnown(scores)).toBeCloseTo(map, 12);
  });
});
