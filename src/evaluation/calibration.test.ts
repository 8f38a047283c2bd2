import { expect, it } from "vitest";
import { brierScore, expectedCalibrationError, Reliability } from "./calibration.ts";
import { metricGoldens } from "./goldens.fixtures.ts";
import { softmax } from "./logits.ts";

it.each(metricGoldens.classification)(
  "the calibration error of $classes classes is TorchMetrics'",
  (golden) => {
    const reliability = new Reliability();
    let brier = 0;
    golden.logits.forEach((row, i) => {
      const probabilities = softmax(Float32Array.from(row), 0, golden.classes);
      const best = probabilities.indexOf(Math.max(...probabilities));
      reliability.add(probabilities[best]!, best === golden.truth[i]);
      brier += brierScore(probabilities, golden.truth[i]!) / golden.logits.length;
    });
    const bins = reliability.bins();
    expect(bins.reduce((n, b) => n + b.count, 0)).toBe(golden.truth.length);
    expect(expectedCalibrationError(bins)).toBeCloseTo(golden.ece, 6); // theirs is of float32
    expect(brier).toBeCloseTo(golden.brier, 6);
  },
);

it("a confidence on an edge belongs to the bin below, and 0 to the first", () => {
  const reliability = new Reliability(4);
  for (const confidence of [0, 0.25, 0.2500001, 1]) reliability.add(confidence, true);
  expect(reliability.bins().map((b) => b.count)).toEqual([2, 1, 0, 1]);
});
