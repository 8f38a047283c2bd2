import { expect, it } from "vitest";
import { metricGoldens } from "./goldens.fixtures.ts";
import { placeOf } from "./ranks.ts";
import { recallAtK } from "./retrieval.ts";

it("recall at k is TorchMetrics' hit rate", () => {
  const { similarity, partners, recall } = metricGoldens.retrieval;
  for (const [k, expected] of Object.entries(recall))
    expect(recallAtK(similarity.flat(), partners, Number(k))).toBeCloseTo(expected, 6);
});

it("the first two of several classes are scikit-learn's top 2", () => {
  for (const { logits, truth, classes, top2 } of metricGoldens.classification) {
    const found = truth.filter((label, i) => placeOf(logits[i]!, 0, classes, label) < 2);
    expect(found.length / truth.length).toBeCloseTo(top2, 12);
  }
});

it("of equal scores the earlier one comes first", () => {
  expect([0, 1, 2].map((i) => placeOf([9, 1, 2, 2], 1, 3, i))).toEqual([2, 0, 1]);
});
