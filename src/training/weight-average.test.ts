import { expect, test } from "vitest";
import { splitAverage, WeightAverage, withAverage } from "./weight-average.ts";

test("the mean is that of its recurrence, and is in the weights' place only while it is asked for", async () => {
  const w = Float32Array.of(0, 10);
  const average = new WeightAverage(new Map([["w", w]]), 0.5);
  const expected = [0, 10];
  for (let t = 1; t <= 6; t++) {
    w[0] = t;
    w[1] = 10 - t;
    average.update(t);
    const d = Math.min(0.5, (1 + t) / (10 + t));
    [t, 10 - t].forEach((value, i) => {
      expected[i] = d * expected[i]! + (1 - d) * value;
    });
  }
  const seen = await average.during(async () => [...w]);
  seen.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 5);
  });
  expect([...w]).toEqual([6, 4]);
  const other = new WeightAverage(new Map([["w", Float32Array.of(1, 1)]]), 0.5);
  const state = { update: "adam", step: 6, tensors: new Map([["parameter/w", w]]) };
  const saved = splitAverage(withAverage(state, average));
  expect(saved.optimizer).toEqual(state);
  other.restore(saved.average);
  expect(other.values).toEqual(average.values);
  expect(() => other.restore(new Map())).toThrow(/no average of "w"/);
});
