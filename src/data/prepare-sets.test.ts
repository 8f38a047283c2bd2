import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { bytesOf, type Tensor } from "../tensor/tensor.ts";
import { bytesOfBase64, datasetOf, flat, type GoldenImage, golden } from "./data.fixtures.ts";
import type { Dataset } from "./dataset.ts";
import { createLoader } from "./loader.ts";
import { openSplits } from "./open-splits.ts";
import { prepareSets } from "./prepare-sets.ts";
import { preprocessingFor } from "./preprocess/preprocessing-for.ts";
import { createPreprocessor } from "./preprocess/preprocessor.ts";
import { subset } from "./views.ts";

const encoded = await golden<{ bytes: string; image: GoldenImage }[]>("images.json");
const png = bytesOfBase64(encoded[0]!.bytes);

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

describe("shifted sets", () => {
  const files = createMemoryFiles({ "s/b/1.png": png, "odd/z/1.png": png });
  const preprocessor = createPreprocessor(
    preprocessingFor("image", [{ name: "x", dtype: "float32", dims: [3, 4, 4] }]),
  );
  const train = datasetOf([0, 1], (i) => flat(i, 8, 8));
  const splits = {
    train: { ...train, classes: ["a", "b"] },
    validation: { ...datasetOf([0, 1], (i) => flat(10 + i, 8, 8)), classes: ["a", "b"] },
    test: { ...datasetOf([0, 1], (i) => flat(100 + i, 8, 8)), classes: ["a", "b"] },
  };
  const shift = async (path: string) => {
    const options = { preprocessor, shifts: { s: path }, seed: 1, onBroken: "error", cacheBytes: 0 } as const;
    const { shifts, warnings } = await prepareSets(files, splits, options);
    return { set: shifts[0]!.dataset, warnings };
  };

  test("are a corruption of the test set at the model's size", async () => {
    const { set } = await shift("corruption:brightness:5");
    expect(set).toMatchObject({ length: 2, source: "made up (corruption:brightness:5)" });
    // 100/255 + 0.3 (CIFAR's fifth brightness, for 4 pixels) = 176.5 of 255, cut off.
    expect(await set.load(0)).toEqual(flat(176, 4, 4));
  });

  test("are other data, mapped onto the model's classes", async () => {
    const { set, warnings } = await shift("s");
    expect([set.label(0), warnings]).toEqual([1, ["s: no example of 1 of 2 classes: a."]]);
    expect(await set.load(0)).toMatchObject({ height: 4, width: 4, channels: 3 });
    await expect(shift("odd")).rejects.toThrow(/unknown classes: z/);
  });

  test("and every other set are told to have examples of the training set, whatever the model's size makes of them", async () => {
    const test = datasetOf([1, 0, 1], (i) => flat([1, 1, 7][i]!, 8, 8));
    const other = { ...splits, test: { ...test, classes: ["a", "b"], name: (i: number) => `t${i}` } };
    const options = { preprocessor, shifts: {}, seed: 1, onBroken: "error", cacheBytes: 0 } as const;
    const { warnings } = await prepareSets(files, other, options);
    expect(warnings).toEqual([
      "test: 2 of 3 examples are in the training set too, so that a score on them says nothing; 1 with another label " +
        "there: t0 = example 1, t1 = example 1.",
    ]);
  });
});
