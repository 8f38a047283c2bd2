import { describe, expect, test } from "vitest";
import { ConfigError, DataError } from "../errors.ts";
import { noAugmentation } from "./augment/augmentation.ts";
import { datasetOf, flat } from "./data.fixtures.ts";
import type { Dataset } from "./dataset.ts";
import { type Batch, createLoader, type LoaderOptions } from "./loader.ts";
import { imagePreprocessing } from "./preprocess/config.ts";
import { createPreprocessor } from "./preprocess/preprocessor.ts";

// Example i is an image whose pixels are all i, so that a batch's input says which examples it holds.
const labels = Array.from({ length: 10 }, (_, i) => i % 3);
const dataset = datasetOf(labels, (i) => flat(i));
const preprocessor = createPreprocessor(
  imagePreprocessing({ channels: 1, height: 2, width: 2 }, { rescale: 1 }),
);
const options: LoaderOptions = { preprocessor, input: "x", batchSize: 4, shuffle: true, seed: 5 };

interface Seen {
  cursor: Batch["cursor"];
  next: Batch["next"];
  indices: readonly number[];
  targets: number[];
  pixels: number[];
}
// Input memory is used again, so it is copied while the batch is valid.
async function take(batches: AsyncIterable<Batch>, count = Number.POSITIVE_INFINITY): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { cursor, next, indices, targets, inputs } of batches) {
    seen.push({
      cursor,
      next,
      indices,
      targets: Array.from(targets.data, Number),
      pixels: [...(inputs.get("x")!.data as Float32Array)],
    });
    if (seen.length === count) break;
  }
  return seen;
}

describe("an epoch", () => {
  test("has every example once, in batches of one size, the last one padded and masked", async () => {
    const loader = createLoader(dataset, options);
    expect(loader.batchesPerEpoch).toBe(3);
    const seen = await take(loader.epoch(0));
    expect(seen.flatMap((b) => b.indices).sort((a, b) => a - b)).toEqual([...labels.keys()]);
    for (const { indices, targets, pixels } of seen) {
      expect(targets).toEqual(
        [0, 1, 2, 3].map((row) => (row < indices.length ? labels[indices[row]!] : -100)),
      );
      expect(pixels).toEqual([0, 1, 2, 3].flatMap((row) => new Array(4).fill(indices[row] ?? 0)));
    }
    expect(seen.at(-1)?.indices).toHaveLength(2);
    expect(seen.map((b) => b.next)).toEqual([
      { epoch: 0, batch: 1 },
      { epoch: 0, batch: 2 },
      { epoch: 1, batch: 0 },
    ]);
  });

  test("has an order of its own, given by the seed; without shuffling it is the dataset's", async () => {
    const order = async (seed: number, epoch: number, shuffle = true) =>
      (await take(createLoader(dataset, { ...options, seed, shuffle }).epoch(epoch))).flatMap(
        (b) => b.indices,
      );
    expect(await order(5, 0)).toEqual(await order(5, 0));
    expect(await order(5, 0)).not.toEqual(await order(5, 1));
    expect(await order(5, 0)).not.toEqual(await order(6, 0));
    expect(await order(5, 3, false)).toEqual([...labels.keys()]);
  });

  test("gives float targets for regression, no number in the rows that are missing", async () => {
    const numbers = datasetOf([0.5, -1], flat, null);
    for await (const batch of createLoader(numbers, { ...options, shuffle: false, batchSize: 3 }).epoch(0)) {
      expect(batch.targets).toEqual({
        dtype: "float32",
        dims: [3, 1],
        data: new Float32Array([0.5, -1, Number.NaN]),
      });
      expect([batch.count, batch.inputs.get("x")?.dims]).toEqual([2, [3, 1, 2, 2]]);
    }
  });
});

test("a cursor determines all that follows, with augmentation too", async () => {
  const ramp = datasetOf(labels, (i) => ({ ...flat(i), data: Uint8Array.of(i, 10 + i, 20 + i, 30 + i) }));
  const augmented = { ...options, augmentation: { ...noAugmentation, flip: true, cropPadding: 1, mixup: 1 } };
  const unbroken = await take(createLoader(ramp, augmented).from({ epoch: 0, batch: 0 }), 8);
  for (const cut of [1, 2, 3, 5]) {
    // Other parallelism, another loader: only the cursor carries over.
    const resumed = createLoader(ramp, { ...augmented, concurrency: 1, ahead: 1 + cut });
    expect(await take(resumed.from(unbroken[cut - 1]!.next), 8 - cut)).toEqual(unbroken.slice(cut));
  }
  const plain = await take(createLoader(ramp, options).from({ epoch: 0, batch: 0 }), 8);
  expect(plain.map((b) => b.indices)).toEqual(unbroken.map((b) => b.indices));
  expect(plain).not.toEqual(unbroken);
});

test("with buckets a cursor determines all that follows too", async () => {
  const bucketed = { ...options, batchSize: 2, bucketOf: (i: number) => i % 3 };
  const unbroken = await take(createLoader(dataset, bucketed).from({ epoch: 0, batch: 0 }), 12);
  for (const cut of [1, 4, 7])
    expect(await take(createLoader(dataset, bucketed).from(unbroken[cut - 1]!.next), 12 - cut)).toEqual(
      unbroken.slice(cut),
    );
});

test("a batch's memory stays its own until the next batch is asked for, however slow the loads", async () => {
  const slow: Dataset = {
    ...dataset,
    load: async (i) => {
      await new Promise((resolve) => setTimeout(resolve, (i * 7) % 5));
      return flat(i);
    },
  };
  for await (const { inputs, indices } of createLoader(slow, { ...options, batchSize: 1, ahead: 3 }).epoch(
    0,
  )) {
    await new Promise((resolve) => setTimeout(resolve, 6));
    expect(inputs.get("x")!.data[0]).toBe(indices[0]);
  }
});

test("memory that the caller moved to another thread is replaced", async () => {
  let batches = 0;
  for await (const { inputs, indices } of createLoader(dataset, { ...options, batchSize: 1 }).epoch(0)) {
    const data = inputs.get("x")!.data as Float32Array;
    expect(data[0]).toBe(indices[0]);
    structuredClone(data, { transfer: [data.buffer as ArrayBuffer] });
    batches++;
  }
  expect(batches).toBe(10);
});

test("examples are loaded ahead of the step, and never more at a time than stated", async () => {
  let [running, most, loaded] = [0, 0, 0];
  const counted: Dataset = {
    ...dataset,
    load: async (i) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
      loaded++;
      return flat(i);
    },
  };
  const batches = createLoader(counted, { ...options, batchSize: 2, concurrency: 3, ahead: 2 }).epoch(0);
  await batches.next();
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(loaded).toBe(6);
  await take(batches);
  expect([most, loaded]).toEqual([3, 10]);
});

test("an example that cannot be loaded stops the loop with its own error, and leaves none unhandled", async () => {
  const broken: Dataset = {
    ...dataset,
    load: async (i) => {
      if (i === 5) throw new DataError("made up example 5: broken");
      return flat(i);
    },
  };
  await expect(take(createLoader(broken, { ...options, batchSize: 2 }).epoch(0))).rejects.toThrow(
    "example 5: broken",
  );
  // Leaving early, with the broken batch already under way.
  await take(createLoader(broken, { ...options, batchSize: 5, shuffle: false }).epoch(0), 1);
  await new Promise((resolve) => setTimeout(resolve, 5));
});

test("options and cursors that cannot be are refused", async () => {
  expect(() => createLoader(dataset, { ...options, batchSize: 0 })).toThrow(ConfigError);
  expect(() => createLoader(datasetOf([0], flat), { ...options, ahead: 0.5 })).toThrow("ahead is 0.5");
  expect(() => createLoader({ ...dataset, length: 0 }, options)).toThrow(DataError);
  await expect(take(createLoader(dataset, options).from({ epoch: 0, batch: 3 }))).rejects.toThrow(
    /cannot go on at epoch 0, batch 3: .* has 3 batches of 4/,
  );
});
