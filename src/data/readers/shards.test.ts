import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { openDataset } from "../open-dataset.ts";
import { openSplits } from "../open-splits.ts";

const golden = (name: string) => readFileSync(new URL(`../goldens/${name}`, import.meta.url));

test("files of one name with a star are one table, whatever the order of their columns", async () => {
  const files = createMemoryFiles({
    "d/part-1.csv": "text,label\na,x\nb,y\n",
    "d/part-2.csv": "label,text\nx,c\n",
    "d/part-10.csv": "text,label\nd,y\n",
    "d/other.csv": "no\ntable\n",
  });
  const set = await openDataset(files, "d/part-*.csv");
  const all = await Promise.all(
    [0, 1, 2, 3].map(async (i) => [set.name(i), set.label(i), await set.load(i)]),
  );
  expect(all).toEqual([
    ["part-1.csv:1", 0, { kind: "text", text: "a" }],
    ["part-1.csv:2", 1, { kind: "text", text: "b" }],
    ["part-10.csv:1", 1, { kind: "text", text: "d" }],
    ["part-2.csv:1", 0, { kind: "text", text: "c" }],
  ]);
  await expect(openDataset(files, "d/none-*.csv")).rejects.toThrow("no such file");
});

test("files that do not belong together are refused", async () => {
  const files = createMemoryFiles({
    "d/a-1.csv": "text,label\na,x\n",
    "d/a-2.csv": "text,lable\na,x\n",
    "e/train-00000-of-00003.csv": "text,label\na,x\n",
    "e/train-00002-of-00003.csv": "text,label\na,y\n",
  });
  await expect(openDataset(files, "d/a-*.csv")).rejects.toThrow(
    "not of one table. The first one has the columns text, label; d/a-2.csv lacks label",
  );
  await expect(openSplits(files, "e")).rejects.toThrow(
    "2 files, but their names say that there are 3: train-00000-of-00003.csv, train-00002-of-00003.csv",
  );
});

test("words and tags in the files that Hugging Face datasets writes bear the names of the schema", async () => {
  const files = createMemoryFiles({
    "d/data/train-00000-of-00002.parquet": golden("words-0.parquet"),
    "d/data/train-00001-of-00002.parquet": golden("words-1.parquet"),
    "d/data/test-00000-of-00001.parquet": golden("words-1.parquet"),
    "d/README.md": "x",
  });
  const { train, test: held } = await openSplits(files, "d", {
    labelling: "sample",
    validationFraction: 0.3,
  });
  expect(train.classes).toEqual(["O", "B-PER", "I-PER", "B-LOC"]);
  expect([train.length, held?.length]).toEqual([2, 1]);
  const set = await openDataset(files, "d/data/train-*.parquet", { labelling: "sample" });
  expect(await set.load(0)).toEqual({
    kind: "text",
    text: "Ada Lovelace left",
    words: ["Ada", "Lovelace", "left"],
    tags: [1, 2, 0],
  });
  expect(await set.load(2)).toMatchObject({ words: ["in", "Turin"], tags: [0, 3] });
});
