import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { classCounts, type Dataset } from "./dataset.ts";
import { fingerprinted, sharedWithTraining, trainingDuplicates } from "./duplicates.ts";
import { openDataset } from "./open-dataset.ts";
import { openSplits } from "./open-splits.ts";

const rows = (...labels: string[]) => `x,label\n${labels.map((label, i) => `${i},${label}`).join("\n")}\n`;

describe("openSplits", () => {
  test("recognises train, val and test, as folders or files", async () => {
    const files = createMemoryFiles({
      "d/train.csv": rows("a", "b", "a"),
      "d/valid.csv": rows("b"),
      "d/test.csv": rows("b", "a"),
      "d/other.csv": rows("c"),
    });
    const { train, validation, test: held, notes } = await openSplits(files, "d");
    expect([train.length, validation.length, held?.length]).toEqual([3, 1, 2]);
    // Mapped by name: the validation set alone would number "b" as 0.
    expect([validation.classes, validation.label(0)]).toEqual([["a", "b"], 1]);
    expect(notes).toEqual(["train: d/train.csv", "validation: d/valid.csv", "test: d/test.csv"]);
    expect(validation.warnings).toEqual(["d/valid.csv: no example of 1 of 2 classes: a."]);
  });

  test("holds out a seeded part where there is no validation set, and says so", async () => {
    const files = createMemoryFiles({ "all.csv": rows(..."aaaaaaaaaaaaaaaaaaaabbbbbbbbbb") });
    const first = await openSplits(files, "all.csv", { validationFraction: 0.2, seed: 3 });
    expect([classCounts(first.train), classCounts(first.validation), first.test]).toEqual([
      [16, 8],
      [4, 2],
      null,
    ]);
    expect(first.notes).toEqual([
      "No validation set: 6 of 30 training examples are held out (0.2 of each class, seed 3).",
    ]);
    const names = async (seed: number) => {
      const { validation } = await openSplits(files, "all.csv", { validationFraction: 0.2, seed });
      return Array.from({ length: validation.length }, (_, i) => validation.name(i));
    };
    expect(await names(3)).toEqual(await names(3));
    expect(await names(3)).not.toEqual(await names(4));
  });

  test("refuses one class, an unknown class in the test set, and two validation sets", async () => {
    const open = (content: Record<string, string>) => openSplits(createMemoryFiles(content), "d");
    await expect(open({ "d/train.csv": rows("a", "a") })).rejects.toThrow(
      'all 2 examples are of one class, "a"',
    );
    await expect(
      open({ "d/train.csv": rows("a", "b"), "d/val.csv": rows("a"), "d/test.csv": rows("z") }),
    ).rejects.toThrow(/unknown classes: z/);
    const two = { "d/train.csv": rows("a", "b"), "d/val.csv": rows("a"), "d/validation.csv": rows("a") };
    await expect(open(two)).rejects.toThrow("several validation sets: val.csv, validation.csv");
  });
});

test("the handwriting example's parts are balanced, disjoint and what their README says", async () => {
  const folder = fileURLToPath(new URL("../../examples/handwriting/data", import.meta.url));
  const { train, validation, test: held } = await openSplits(nodeFiles, folder);
  const optdigits = await openDataset(nodeFiles, `${folder}/optdigits.npz`, { classes: train.classes! });
  expect([train, validation, held!, optdigits].map((d) => d.length)).toEqual([2000, 500, 1000, 1797]);
  expect(train.classes).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  expect(new Set([...classCounts(train), 200])).toEqual(new Set([200]));
  expect(new Set([...classCounts(validation), 50])).toEqual(new Set([50]));
  const read = async (set: Dataset) => {
    const { dataset, hashes } = fingerprinted(set);
    for (let i = 0; i < set.length; i++) await dataset.load(i);
    return { dataset, hashes };
  };
  const a = await read(train);
  expect(trainingDuplicates(a)).toEqual([]);
  for (const set of [validation, held!, optdigits])
    expect(sharedWithTraining("set", a, await read(set))).toEqual([]);
  expect(await optdigits.load(7)).toMatchObject({ height: 28, width: 28, channels: 1 });
});
