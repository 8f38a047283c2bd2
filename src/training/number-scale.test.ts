import { expect, test } from "vitest";
import { datasetOf, flat } from "../data/data.fixtures.ts";
import type { Dataset } from "../data/dataset.ts";
import { numberScale } from "./number-scale.ts";

test("the scale of numbers is their mean and standard deviation, each on its own", () => {
  const rows = [
    [1, 5],
    [3, 5],
  ];
  const numbers: Dataset = {
    ...datasetOf([0, 0], () => flat(0), null),
    labelling: "numbers",
    labels: (i) => rows[i]!,
  };
  expect(numberScale(numbers)).toEqual({ mean: [2, 5], deviation: [1, 1] });
  expect(numberScale(datasetOf([0, 1], () => flat(0)))).toBeNull();
});
