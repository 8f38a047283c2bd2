import { describe, expect, it } from "vitest";
import { accuracyOf, balancedAccuracy, countsOf, intersectionOverUnion, occurring } from "./confusion.ts";
import { metricGoldens } from "./goldens.fixtures.ts";
import { averageScores, scoresOf } from "./precision-recall.ts";

describe.each(metricGoldens.classification)("a confusion matrix of $classes classes", (golden) => {
  it("has scikit-learn's accuracy and balanced accuracy", () => {
    expect(accuracyOf(golden.confusion)).toBeCloseTo(golden.accuracy, 12);
    expect(balancedAccuracy(countsOf(golden.confusion))).toBeCloseTo(golden.balancedAccuracy, 12);
  });

  it("has scikit-learn's precision, recall and F1 of every class, 0 for one that never occurs", () => {
    const scores = countsOf(golden.confusion).map(scoresOf);
    expect(scores).toHaveLength(golden.classes);
    golden.perClass.forEach((expected, c) => {
      for (const key of ["precision", "recall", "f1", "support"] as const)
        expect(scores[c]?.[key]).toBeCloseTo(expected[key], 12);
    });
  });

  it.each(["macro", "micro", "weighted"] as const)("has scikit-learn's %s averages", (how) => {
    const scores = averageScores(occurring(countsOf(golden.confusion)), how);
    for (const key of ["precision", "recall", "f1"] as const)
      expect(scores[key]).toBeCloseTo(golden.averages[how][key], 12);
  });
});

it("intersection over union is TorchMetrics', and undefined for a class that occurs nowhere", () => {
  const { classes, ignored, truth, predicted, iou, miou, pixelAccuracy } = metricGoldens.segmentation;
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  truth.forEach((t, i) => {
    if (t !== ignored) confusion[t]![predicted[i]!]!++;
  });
  const got = intersectionOverUnion(countsOf(confusion));
  expect(got.at(-1)).toBeNaN();
  const known = got.filter((v) => !Number.isNaN(v));
  known.forEach((v, c) => {
    expect(v).toBeCloseTo(iou[c]!, 6);
  });
  expect(known.reduce((a, b) => a + b, 0) / known.length).toBeCloseTo(miou, 6);
  expect(accuracyOf(confusion)).toBeCloseTo(pixelAccuracy, 12);
});
