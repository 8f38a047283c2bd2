import { describe, expect, it } from "vitest";
import { auroc } from "./auroc.ts";
import { averagePrecision } from "./average-precision.ts";
import { meanOverColumns } from "./columns.ts";
import { metricGoldens, table } from "./goldens.fixtures.ts";

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

it("several labels have scikit-learn's macro AUROC and mAP", () => {
  const { logits, truth, auroc: expected, map } = metricGoldens.multiLabel;
  const isPositive = (row: number, c: number) => truth[row]![c] === 1;
  expect(meanOverColumns(auroc, table(logits), isPositive)).toBeCloseTo(expected, 12);
  expect(meanOverColumns(averagePrecision, table(logits), isPositive)).toBeCloseTo(map, 12);
});

it("a label that no example bears is left out of the mean", () => {
  const { logits, truth, map } = metricGoldens.multiLabel;
  const wider = table(logits.map((row) => [...row, 1]));
  const isPositive = (row: number, c: number) => truth[row]![c] === 1;
  expect(meanOverColumns(averagePrecision, wider, isPositive)).toBeCloseTo(map, 12);
});
