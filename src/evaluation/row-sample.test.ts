import { expect, it } from "vitest";
import { RowSample } from "./row-sample.ts";

it("rows are all kept in their order while they fit", () => {
  const sample = new RowSample(2, 8);
  for (let i = 0; i < 4; i++) sample.add([i, -i]);
  expect([...sample.values]).toEqual([0, -0, 1, -1, 2, -2, 3, -3]);
  expect([sample.rows, sample.isWhole]).toEqual([4, true]);
});

it("beyond that every row is as likely to stay as any other, and memory does not grow", () => {
  const sums = new Float64Array(100);
  const repetitions = 400;
  const sample = new RowSample(1, 20 * repetitions);
  for (let i = 0; i < 100 * repetitions; i++) sample.add([i % 100]);
  for (const value of sample.values) sums[value]!++;
  expect([sample.rows, sample.isWhole]).toEqual([20 * repetitions, false]);
  const expected = (20 * repetitions) / 100;
  const chiSquare = sums.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  expect(chiSquare).toBeLessThan(148); // 99.9 % point with 99 degrees of freedom, before the finite population narrows it
});
