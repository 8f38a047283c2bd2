import { expect, test } from "vitest";
import { parseConfig } from "../config/parse.ts";
import { datasetOf, flat } from "../data/data.fixtures.ts";
import { chooseLoss } from "./loss-settings.ts";

const settings = (loss: object) => parseConfig({ model: "m", data: "d", out: "o", loss }).loss;
const train = datasetOf([0, 0, 0, 0, 1, 1], () => flat(0), ["0", "1", "2"]);

test("auto is the task's own loss, and what is left out is left to the loss", () => {
  const chosen = { loss: "cross-entropy", lossOptions: {} };
  expect(chooseLoss(settings({}), "cross-entropy", train)).toEqual(chosen);
  const asked = settings({ name: "focal", gamma: 1.5 });
  expect(chooseLoss(asked, "cross-entropy", train)).toEqual({ loss: "focal", lossOptions: { gamma: 1.5 } });
});

test("balanced weights are n / (C n_c) of the training set, as scikit-learn has them", () => {
  const { lossOptions } = chooseLoss(settings({ classWeights: "balanced" }), "cross-entropy", train);
  expect(lossOptions.classWeights).toEqual([6 / (3 * 4), 6 / (3 * 2), 1]);
});

test("weights by name stand in the order of the classes, and an unknown class is said", () => {
  const asked = settings({ classWeights: { 2: 5, 0: 0.5 } });
  expect(chooseLoss(asked, "cross-entropy", train).lossOptions.classWeights).toEqual([0.5, 1, 5]);
  expect(() => chooseLoss(settings({ classWeights: { dog: 2 } }), "cross-entropy", train)).toThrow(
    /loss\.classWeights: the class "dog" is unknown; .*choose one of 0, 1, 2/,
  );
  const numbers = datasetOf([1, 2], () => flat(0), null);
  expect(() => chooseLoss(settings({ classWeights: "balanced" }), "mse", numbers)).toThrow(
    /the labels are numbers, there are no classes to weigh/,
  );
});
