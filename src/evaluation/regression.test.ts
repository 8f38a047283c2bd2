import { expect, it } from "vitest";
import { metricGoldens } from "./goldens.fixtures.ts";
import { determination, meanAbsoluteError, pearson, rootMeanSquaredError, spearman } from "./regression.ts";

it.each(metricGoldens.regression)(
  "errors and correlations are scikit-learn's and SciPy's, ties included",
  (golden) => {
    const columns = golden.truth[0]!.map((_, c) => ({
      predicted: golden.predicted.map((row) => row[c]!),
      truth: golden.truth.map((row) => row[c]!),
    }));
    const mean = (score: (predicted: number[], truth: number[]) => number) =>
      columns.reduce((sum, c) => sum + score(c.predicted, c.truth), 0) / columns.length;
    expect(mean(rootMeanSquaredError)).toBeCloseTo(golden.rmse, 10);
    expect(mean(meanAbsoluteError)).toBeCloseTo(golden.mae, 10);
    expect(mean(determination)).toBeCloseTo(golden.r2, 10);
    expect(mean(pearson)).toBeCloseTo(golden.pearson, 10);
    expect(mean(spearman)).toBeCloseTo(golden.spearman, 10);
  },
);

it("what does not vary has no correlation, and no share of its variance explained", () => {
  expect(pearson([1, 2, 3], [5, 5, 5])).toBeNaN();
  expect(spearman([1, 1, 1], [1, 2, 3])).toBeNaN();
  expect(determination([1, 2, 3], [5, 5, 5])).toBeNaN();
});
