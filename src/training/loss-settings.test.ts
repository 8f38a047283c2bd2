import { expect, test } from "vitest";
import { parseConfig } from "../config/parse.ts";
import { datasetOf, flat } from "../data/data.fixtures.ts";
import { chooseLoss } from "./loss-settings.ts";

const settings = (loss: object) => parseConfig({ model: "m", data: "d", out: "o", loss }).loss;
const train = datasetOf([0, 0, 0, 0, 1, 1], () => flat(0), ["0", "1", "2"]);

test("auto is the task's own loss, and what is left out is left to the loss", async () => {
  const chosen = { loss: "cross-entropy", lossOptions: {} };
  expect(await chooseLoss(settings({}), { loss: "cross-entropy", head: "vector" }, train)).toEqual(chosen);
  const asked = settings({ name: "focal", gamma: 1.5 });
  expect(await chooseLoss(asked, { loss: "cross-entropy", head: "vector" }, train)).toEqual({
    loss: "focal",
    lossOptions: { gamma: 1.5 },
  });
});

test("balanced weights are n / (C n_c) of the training set, as scikit-learn has them", async () => {
  const { lossOptions } = await chooseLoss(
    settings({ classWeights: "balanced" }),
    { loss: "cross-entropy", head: "vector" },
    train,
  );
  expect(lossOptions.classWeights).toEqual([6 / (3 * 4), 6 / (3 * 2), 1]);
});

test("weights by name stand in the order of the classes, and an unknown class is said", async () => {
  const asked = settings({ classWeights: { 2: 5, 0: 0.5 } });
  expect(
    (await chooseLoss(asked, { loss: "cross-entropy", head: "vector" }, train)).lossOptions.classWeights,
  ).toEqual([0.5, 1, 5]);
  await expect(
    chooseLoss(settings({ classWeights: { dog: 2 } }), { loss: "cross-entropy", head: "vector" }, train),
  ).rejects.toThrow(/loss\.classWeights: the class "dog" is unknown; .*choose one of 0, 1, 2/);
  const numbers = datasetOf([1, 2], () => flat(0), null);
  await expect(
    chooseLoss(settings({ classWeights: "balanced" }), { loss: "mse", head: "vector" }, numbers),
  ).rejects.toThrow(/the labels are numbers, there are no classes to weigh/);
});

test("losses of classes are told where the classes of a map lie", async () => {
  const { lossOptions } = await chooseLoss(
    settings({ name: "dice" }),
    { loss: "cross-entropy", head: "map" },
    train,
  );
  expect(lossOptions).toEqual({ classAxis: 1 });
  const numbers = await chooseLoss(settings({ name: "mse" }), { loss: "mse", head: "map" }, train);
  expect(numbers.lossOptions).toEqual({});
});
