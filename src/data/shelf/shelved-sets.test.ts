import { expect, test } from "vitest";
import type { Files } from "../../platform/files.ts";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { bytesOfBase64, datasetOf, golden, letters } from "../data.fixtures.ts";
import type { Dataset, Image } from "../dataset.ts";
import { openDataset } from "../open-dataset.ts";
import { prepareSets } from "../prepare-sets.ts";
import { preprocessingFor } from "../preprocess/preprocessing-for.ts";
import { createPreprocessor, type Preprocessor } from "../preprocess/preprocessor.ts";

const [png, other] = (await golden<{ bytes: string }[]>("images.json")).map((i) => bytesOfBase64(i.bytes));

const images = createPreprocessor(
  preprocessingFor("image", [{ name: "x", dtype: "float32", dims: [3, 8, 8] }]),
);

/** Prepares one dataset as all sets of a run, and loads every example twice. */
async function runOver(files: Files, dataset: Dataset, preprocessor: Preprocessor, identity = "a") {
  const options = { preprocessor, shifts: {}, seed: 1, onBroken: "error", cacheBytes: 0 } as const;
  const sets = await prepareSets(
    files,
    { train: dataset, validation: dataset, test: null },
    { ...options, shelf: { folder: "cache", identity } },
  );
  const without = await prepareSets(files, { train: dataset, validation: dataset, test: null }, options);
  for (let i = 0; i < dataset.length; i++)
    expect(await sets.train.load(i)).toEqual(await without.train.load(i));
  const ours = sets.warnings.filter((w) => w.startsWith("cache"));
  expect(sets.warnings.filter((w) => !w.startsWith("cache"))).toEqual(without.warnings);
  return ours;
}

/** Counts what is loaded below the shelf. */
function counted(dataset: Dataset): { dataset: Dataset; loads: () => number } {
  let loads = 0;
  const load: Dataset["load"] = (i) => {
    loads++;
    return dataset.load(i);
  };
  return { dataset: { ...dataset, load }, loads: () => loads };
}

test("a folder of images is decoded once; a changed file and changed settings are prepared anew", async () => {
  const files = createMemoryFiles({ "d/a/1.png": png!, "d/a/2.png": other!, "d/b/3.png": png! });
  const open = () => openDataset(files, "d");
  expect(await runOver(files, await open(), images)).toEqual([
    // Two files hold the same picture, and both sets the same files.
    "cache: 3 prepared examples were found there, 2 added.",
  ]);
  const again = counted(await open());
  const sets = await prepareSets(
    files,
    { train: again.dataset, validation: again.dataset, test: null },
    {
      preprocessor: images,
      shifts: {},
      seed: 1,
      onBroken: "error",
      cacheBytes: 0,
      shelf: { folder: "cache", identity: "a" },
    },
  );
  await sets.train.load(1);
  expect(again.loads()).toBe(0);
  expect(sets.warnings.some((w) => w.includes("b/3.png"))).toBe(true); // copies are seen without pixels
  await files.write("d/a/2.png", png!);
  expect(await runOver(files, await open(), images)).toEqual([
    "cache: 6 prepared examples were found there, 0 added.",
  ]);
  expect((await runOver(files, await open(), images, "b"))[0]).toContain("1 added");
});

test("texts and sounds come from the shelf as they came from the tokenizer and the features", async () => {
  const files = createMemoryFiles({});
  const texts = datasetOf([0, 1, 0], (i) => ({ kind: "text", text: `text ${i}` }));
  const preprocessor = createPreprocessor(
    preprocessingFor("text", [{ name: "input_ids", dtype: "int64", dims: [null] }], { maxLength: 8 }),
    letters,
  );
  await runOver(files, texts, preprocessor);
  expect((await runOver(files, texts, preprocessor))[0]).toContain("0 added");
  const sounds = datasetOf([0, 1], (i) => ({
    kind: "audio",
    sampleRate: 8000,
    data: Float32Array.from({ length: 40 }, (_, t) => Math.sin(t * (i + 1))),
  }));
  const waves = createPreprocessor(
    preprocessingFor("audio", [{ name: "x", dtype: "float32", dims: [40] }], { samplingRate: 8000 }),
  );
  await runOver(files, sounds, waves);
  expect((await runOver(files, sounds, waves))[0]).toContain("0 added");
});

test("a training set that is larger than the memory for it is told, unless a folder keeps it", async () => {
  const files = createMemoryFiles({ "d/a/1.png": png!, "d/a/2.png": other!, "d/b/3.png": png! });
  const dataset = await openDataset(files, "d");
  const options = { preprocessor: images, shifts: {}, seed: 1, onBroken: "error" } as const;
  const warningsOf = async (more: { cacheBytes: number; shelf?: { folder: string; identity: string } }) =>
    (
      await prepareSets(files, { train: dataset, validation: dataset, test: null }, { ...options, ...more })
    ).warnings.filter((w) => w.includes("do not fit"));
  const one = (await images.prepare(await dataset.load(0))) as Image;
  expect(await warningsOf({ cacheBytes: one.data.byteLength })).toEqual([
    expect.stringMatching(/^2 of 3 training examples do not fit .*dataset.cacheFolder/),
  ]);
  expect(await warningsOf({ cacheBytes: 2 ** 20 })).toEqual([]);
  const shelf = { folder: "cache", identity: "a" };
  expect(await warningsOf({ cacheBytes: one.data.byteLength, shelf })).toEqual([]);
});
