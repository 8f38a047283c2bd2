import { describe, expect, test } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { findParts } from "./find-parts.ts";
import { openDataset } from "./open-dataset.ts";

const find = (...paths: string[]) =>
  findParts(createMemoryFiles(Object.fromEntries(paths.map((path) => [path, "x"]))), "d");

describe("the parts of a folder", () => {
  test("are files or folders of their names", async () => {
    expect(await find("d/train.npz", "d/val.npz", "d/README.md")).toEqual({
      train: "d/train.npz",
      validation: "d/val.npz",
    });
    expect(await find("d/train/cat/1.png", "d/test/cat/1.png")).toEqual({
      train: "d/train",
      test: "d/test",
    });
    expect(await find("d/cat/1.png", "d/test/1.png")).toEqual({});
  });

  test("are what the Hugging Face hub has, in each of its layouts", async () => {
    const parts = { train: "d/data/train-*.parquet", test: "d/data/test-*.parquet" };
    const data = ["d/data/train-00000-of-00002-0a1b.parquet", "d/data/train-00001-of-00002-7c.parquet"];
    expect(await find(...data, "d/data/test-00000-of-00001.parquet", "d/README.md")).toEqual(parts);
    expect(await find("d/train-00000-of-00001.parquet")).toEqual({ train: "d/train-*.parquet" });
    expect(await find("d/plain_text/train-00000-of-00001.parquet", "d/.git/x")).toEqual({
      train: "d/plain_text/train-*.parquet",
    });
    expect(await find("d/default/train/0000.parquet", "d/default/validation/0000.parquet")).toEqual({
      train: "d/default/train/*.parquet",
      validation: "d/default/validation/*.parquet",
    });
  });

  test("that two things claim to be, or several configurations have, are refused", async () => {
    await expect(find("d/train.csv", "d/train.jsonl")).rejects.toThrow(
      "d: several train sets: train.csv, train.jsonl. Give the path of one.",
    );
    await expect(
      find("d/en/train-00000-of-00001.parquet", "d/fr/train-00000-of-00001.parquet"),
    ).rejects.toThrow("d: several configurations of a data set: d/en, d/fr. Give the path of one.");
    await expect(
      openDataset(createMemoryFiles({ "d/train.csv": "x", "d/test.csv": "x" }), "d"),
    ).rejects.toThrow("d: holds several sets, train (d/train.csv), test (d/test.csv); give the path of one");
  });
});
