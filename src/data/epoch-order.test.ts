import fc from "fast-check";
import { expect, test } from "vitest";
import { epochOrder } from "./epoch-order.ts";

const bucketOf = (index: number) => (index * 7) % 3;
const options = { batchSize: 4, shuffle: true, seed: 3, epoch: 0, bucketOf };

function batches(order: Uint32Array, size: number): number[][] {
  return Array.from({ length: Math.ceil(order.length / size) }, (_, b) => [
    ...order.subarray(b * size, (b + 1) * size),
  ]);
}

test("every example comes once in an epoch, whatever buckets there are", () => {
  const lengths = fc.integer({ min: 1, max: 60 });
  fc.assert(
    fc.property(lengths, lengths, fc.boolean(), fc.nat(), (length, batchSize, shuffle, seed) => {
      const order = epochOrder(length, { ...options, batchSize, shuffle, seed });
      expect([...order].sort((a, b) => a - b)).toEqual([...new Array(length).keys()]);
    }),
  );
});

test("batches hold one bucket each, but for one at each border and a short one at the end", () => {
  const mixed = batches(epochOrder(203, options), 4).filter(
    (batch) => batch.length === 4 && new Set(batch.map(bucketOf)).size > 1,
  );
  expect(mixed.length).toBeLessThanOrEqual(2);
  expect(batches(epochOrder(203, options), 4).at(-1)).toHaveLength(3);
});

test("buckets come in random order and an epoch has another order than the one before", () => {
  const first = epochOrder(240, options);
  expect(first).toEqual(epochOrder(240, options));
  expect(first).not.toEqual(epochOrder(240, { ...options, epoch: 1 }));
  const kinds = batches(first, 4).map((batch) => bucketOf(batch[0]!));
  const changes = kinds.filter((kind, i) => i > 0 && kind !== kinds[i - 1]).length;
  // Of 59 neighbours two thirds differ if the order is random; sorted by bucket it would be two.
  expect(changes).toBeGreaterThan(25);
});

test("each example is as likely to come early as late", () => {
  let sum = 0;
  const epochs = 400;
  for (let epoch = 0; epoch < epochs; epoch++) sum += epochOrder(40, { ...options, epoch }).indexOf(5);
  // The mean of a uniform place in 40 is 19.5, with a standard error of 0.58 over 400 epochs.
  expect(Math.abs(sum / epochs - 19.5)).toBeLessThan(2.5);
});

test("without shuffling, a bucket keeps the dataset's order, and batches come in one order in every epoch", () => {
  const still = { ...options, shuffle: false };
  const order = epochOrder(26, still);
  expect(epochOrder(26, { ...still, epoch: 9 })).toEqual(order);
  const whole = batches(order, 4);
  for (const batch of whole)
    expect(batch).toEqual([...batch].sort((a, b) => bucketOf(a) - bucketOf(b) || a - b));
  expect(whole.at(-1)).toEqual([20, 23]);
});

test("without buckets, the order is the permutation of the seed, or the dataset's", () => {
  const { bucketOf: _, ...plain } = options;
  expect([...epochOrder(5, { ...plain, shuffle: false })]).toEqual([0, 1, 2, 3, 4]);
  expect([...epochOrder(50, plain)]).not.toEqual([...new Array(50).keys()]);
});
