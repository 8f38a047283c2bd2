import { describe, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { bytesOfBase64, datasetOf, flat, type GoldenImage, golden } from "./data.fixtures.ts";
import type { Dataset, Image } from "./dataset.ts";
import { openDataset } from "./open-dataset.ts";
import { cached, checkExamples, createSampleCache, prepared } from "./prepared.ts";
import { imagePreprocessing } from "./preprocess/config.ts";
import { createPreprocessor } from "./preprocess/preprocessor.ts";

const encoded = await golden<{ name: string; bytes: string; image: GoldenImage }[]>("images.json");
const png = bytesOfBase64(encoded[0]!.bytes);

function counted(dataset: Dataset): { dataset: Dataset; loads: () => number } {
  let loads = 0;
  const load = async (i: number) => {
    loads++;
    return dataset.load(i);
  };
  return { dataset: { ...dataset, load }, loads: () => loads };
}

describe("cached", () => {
  test("loads each example once while the budget lasts, and again beyond it", async () => {
    const { dataset, loads } = counted(datasetOf([0, 1, 0, 1], (i) => flat(i)));
    const cache = createSampleCache(3 * 4);
    const kept = cached(dataset, cache);
    for (let round = 0; round < 3; round++)
      for (let i = 0; i < 4; i++) expect(await kept.load(i)).toEqual(flat(i));
    expect([loads(), cache.usedBytes]).toEqual([6, 12]);
  });

  test("keeps a copy of a window, not the array behind it", async () => {
    const all = new Uint8Array(1000);
    const windows = datasetOf([0, 1], (i) => ({ ...flat(0), data: all.subarray(4 * i, 4 * i + 4) }));
    const sample = (await cached(windows, createSampleCache(100)).load(1)) as Image;
    expect(sample.data.buffer.byteLength).toBe(4);
  });
});

describe("checkExamples", () => {
  const files = createMemoryFiles({
    "d/a/1.png": png,
    "d/a/2.png": png.slice(0, 60),
    "d/b/1.png": png,
    "d/b/2.png": "no image",
  });

  test("lists all broken files in one error", async () => {
    const error = await checkExamples(await openDataset(files, "d"), { onBroken: "error" }).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(
      /^d: 2 of 4 examples cannot be used:\n {2}d\/a\/2.png: .*\n {2}d\/b\/2.png: /,
    );
    expect((error as DataError).details.broken).toEqual(["a/2.png", "b/2.png"]);
  });

  test("leaves them out with a warning when asked to", async () => {
    const seen: number[] = [];
    const dataset = await checkExamples(await openDataset(files, "d"), {
      onBroken: "skip",
      onProgress: (n) => seen.push(n),
    });
    expect([0, 1].map((i) => dataset.name(i))).toEqual(["a/1.png", "b/1.png"]);
    expect(dataset.warnings).toEqual([
      "d: 2 of 4 examples cannot be used and are left out: a/2.png, b/2.png.",
    ]);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  test("cuts the list at ten and refuses to skip everything", async () => {
    const many = createMemoryFiles(
      Object.fromEntries([...Array(12).keys()].map((i) => [`d/a/${i}.png`, "x"])),
    );
    await expect(checkExamples(await openDataset(many, "d"), { onBroken: "skip" })).rejects.toThrow(
      /12 of 12 .*and 2 more/s,
    );
  });

  test("passes on what is no fault of the data", async () => {
    const dataset = { ...datasetOf([0], flat), load: () => Promise.reject(new TypeError("a bug")) };
    await expect(checkExamples(dataset, { onBroken: "skip" })).rejects.toThrow(TypeError);
  });
});

test("a prepared image that cannot become the model's names its file", async () => {
  const strict = createPreprocessor(
    imagePreprocessing({ channels: 3, height: 4, width: 4 }, { resize: null }),
  );
  const dataset = prepared(await openDataset(createMemoryFiles({ "d/a/1.png": png }), "d"), strict);
  await expect(dataset.load(0)).rejects.toThrow(
    "d a/1.png: an image of 6x9 becomes 6x9, the model takes 4x4",
  );
});
