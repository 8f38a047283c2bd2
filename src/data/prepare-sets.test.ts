import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { nodeFiles } from "../platform/node-files.ts";
import { bytesOf } from "../tensor/tensor.ts";
import type { Dataset } from "./dataset.ts";
import { createLoader } from "./loader.ts";
import { openSplits } from "./open-splits.ts";
import { prepareSets } from "./prepare-sets.ts";
import { preprocessingFor } from "./preprocess/preprocessing-for.ts";
import { createPreprocessor } from "./preprocess/preprocessor.ts";

const folder = fileURLToPath(new URL("../../examples/handwriting/data", import.meta.url));

test("the handwriting example becomes batches of every set, from the cache and without it alike", async () => {
  const splits = await openSplits(nodeFiles, folder);
  const preprocessor = createPreprocessor(preprocessingFor("image", { name: "x", dims: [3, 32, 32] }));
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
    ["train", 2000],
    ["validation", 500],
    ["test", 1000],
    ["optdigits", 1797],
    ["fog", 1000],
    ["noise", 1000],
  ]);
  expect([sets.warnings, sets.shifts.map((s) => s.name)]).toEqual([[], ["optdigits", "fog", "noise"]]);
  const uncached = await prepare(0);
  for (const [n, { dataset }] of sets.shifts.entries()) {
    const options = { preprocessor, input: "x", batchSize: 32, shuffle: true, seed: 1 } as const;
    const first = async (set: Dataset) =>
      (await createLoader(set, options).epoch(0).next()).value?.inputs.get("x");
    const [a, b] = [await first(dataset), await first(uncached.shifts[n]!.dataset)];
    expect(a?.dims).toEqual([32, 3, 32, 32]);
    expect(Buffer.compare(bytesOf(a!.data), bytesOf(b!.data))).toBe(0);
  }
});
