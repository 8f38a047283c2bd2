import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { nodeFiles } from "../platform/node-files.ts";
import { bytesOf, type Tensor } from "../tensor/tensor.ts";
import type { Dataset } from "./dataset.ts";
import { createLoader } from "./loader.ts";
import { openSplits } from "./open-splits.ts";
import { prepareSets } from "./prepare-sets.ts";
import { preprocessingFor } from "./preprocess/preprocessing-for.ts";
import { createPreprocessor } from "./preprocess/preprocessor.ts";
import { subset } from "./views.ts";

const folder = fileURLToPath(new URL("../../examples/handwriting/data", import.meta.url));

test("the handwriting example becomes batches of every set, from the cache and without it alike", async () => {
  const opened = await openSplits(nodeFiles, folder);
  const every = (step: number, set: Dataset) =>
    subset(
      set,
      [...Array(set.length).keys()].filter((i) => i % step === 0),
    );
  const splits = {
    train: every(10, opened.train),
    validation: every(10, opened.validation),
    test: every(10, opened.test!),
  };
  const preprocessor = createPreprocessor(
    preprocessingFor("image", [{ name: "x", dtype: "float32", dims: [3, 32, 32] }]),
  );
  const told = new Map<string, number>();
  const prepare = (cacheBytes: number) =>
    prepareSets(nodeFiles, splits, {
      preprocessor,
      shifts: {
        optdigits: `${folder}/optdigits.npz`,
        fog: "corruption:fog:3",
        noise: "corruption:gaussian-noise:5",
      },
      seed: 1,
      onBroken: "error",
      cacheBytes,
      onProgress: (set, done) => told.set(set, done),
    });
  const sets = await prepare(64e6);
  expect([...told]).toEqual([
    ["train", 200],
    ["validation", 50],
    ["test", 100],
    ["optdigits", 1797],
  ]);
  expect([sets.warnings, sets.shifts.map((s) => s.name)]).toEqual([[], ["optdigits", "fog", "noise"]]);
  const uncached = await prepare(0);
  for (const [n, { dataset }] of sets.shifts.entries()) {
    const options = { preprocessor, input: "x", batchSize: 32, shuffle: true, seed: 1 } as const;
    const first = async (set: Dataset) =>
      (await createLoader(set, options).epoch(0).next()).value?.inputs.get("x") as Tensor<"float32">;
    const [a, b] = [await first(dataset), await first(uncached.shifts[n]!.dataset)];
    expect(a.dims).toEqual([32, 3, 32, 32]);
    expect(Buffer.compare(bytesOf(a.data), bytesOf(b.data))).toBe(0);
  }
});
