import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { datasetOf, flat } from "./data.fixtures.ts";
import { classCounts } from "./dataset.ts";
import { describeDataset, sharedExamples } from "./describe.ts";
import { openDataset } from "./open-dataset.ts";
import { openSplits } from "./open-splits.ts";
import { stratifiedSplit } from "./split.ts";

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

describe("stratifiedSplit", () => {
  test("takes the share of each class, at least one and never all; both parts are disjoint and in order", () => {
    const labels = [...new Array(10).fill(0), ...new Array(3).fill(1), ...new Array(2).fill(2), 3];
    const dataset = datasetOf(labels, () => flat(0));
    const [rest, held] = stratifiedSplit(dataset, { fraction: 0.5, seed: 1 });
    expect([classCounts(rest), classCounts(held)]).toEqual([
      [5, 1, 1, 1],
      [5, 2, 1, 0],
    ]);
    expect(held.warnings).toEqual(["made up: none held out of classes with one example: 3."]);
    const names = [rest, held].map((d) =>
      Array.from({ length: d.length }, (_, i) => Number(d.name(i).slice(8))),
    );
    expect(names.flat().sort((a, b) => a - b)).toEqual([...labels.keys()]);
    for (const part of names) expect(part).toEqual([...part].sort((a, b) => a - b));
  });

  test("leaves nothing to hold out where every class has one example", () => {
    const dataset = datasetOf([0, 1, 2], () => flat(0));
    expect(() => stratifiedSplit(dataset, { fraction: 0.1, seed: 1 })).toThrow(DataError);
    expect(() => stratifiedSplit(dataset, { fraction: 1, seed: 1 })).toThrow(/fraction 1/);
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
  const [a, b, c, d] = await Promise.all(
    [train, validation, held!, optdigits].map((set) => describeDataset(set)),
  );
  expect([a, b, c].map((x) => x!.duplicates)).toEqual([0, 0, 0]);
  expect([
    sharedExamples(a!, b!),
    sharedExamples(a!, c!),
    sharedExamples(b!, c!),
    sharedExamples(a!, d!),
  ]).toEqual([[], [], [], []]);
  expect(d!.shapes).toEqual([{ dims: [28, 28, 1], count: 1797 }]);
});
