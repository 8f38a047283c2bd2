import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import type { Image } from "../dataset.ts";
import { openDataset } from "../open-dataset.ts";

const golden = (name: string) => readFileSync(new URL(`../goldens/${name}`, import.meta.url));

describe("tables of texts", () => {
  test("a text column is found by its usual names, from whatever file it comes", async () => {
    const files = createMemoryFiles({
      "a.csv": 'text,label\n"one, two",x\nthree,y\n',
      "a.tsv": "sentence\tlabel\none, two\tx\nthree\ty\n",
      "a.jsonl": '{"text": "one, two", "label": "x", "extra": 1}\n\n{"label": "y", "text": "three"}\n',
    });
    for (const path of ["a.csv", "a.tsv", "a.jsonl"]) {
      const set = await openDataset(files, path);
      expect([set.kind, set.classes, set.length, set.label(1)], path).toEqual(["text", ["x", "y"], 2, 1]);
      expect(await set.load(0), path).toEqual({ kind: "text", text: "one, two" });
      expect(set.name(1), path).toBe(`${path}:2`);
    }
  });

  test("a spreadsheet's semicolons, tabs or bars separate columns where rows have as many of them as the header", async () => {
    const rows = ["text, in short;label", '"well; said, he";1,5', "bad;0"];
    const files = createMemoryFiles({
      "semicolons.csv": rows.join("\r\n"),
      "tabs.csv": "text\tlabel\na;b, c\td\n",
      "bars.csv": "text|label\na,b|c\n",
      "quoted.csv": '"a;b;c",label\nx,y\n',
      "empty.csv": "",
    });
    const semicolons = await openDataset(files, "semicolons.csv", { textColumn: "text, in short" });
    expect([semicolons.classes, await semicolons.load(0)]).toEqual([
      ["0", "1,5"],
      { kind: "text", text: "well; said, he" },
    ]);
    for (const [path, classes, text] of [
      ["tabs.csv", ["d"], "a;b, c"],
      ["bars.csv", ["c"], "a,b"],
    ] as const) {
      const set = await openDataset(files, path);
      expect([set.classes, await set.load(0)], path).toEqual([classes, { kind: "text", text }]);
    }
    const quoted = await openDataset(files, "quoted.csv", { textColumn: "a;b;c" });
    expect(await quoted.load(0)).toEqual({ kind: "text", text: "x" });
    await expect(openDataset(files, "empty.csv")).rejects.toThrow(/empty.csv: no rows/);
  });

  test("pairs come from two columns, named or usual", async () => {
    const files = createMemoryFiles({
      "p.csv": "premise,hypothesis,label\na,b,0\n",
      "q.csv": "left,right,label\na,b,0\n",
      "t.parquet": golden("texts.parquet"),
    });
    const pair = { kind: "text", text: "a", pair: "b" };
    expect(await (await openDataset(files, "p.csv")).load(0)).toEqual(pair);
    const named = { textColumn: "left", pairColumn: "right" };
    expect(await (await openDataset(files, "q.csv", named)).load(0)).toEqual(pair);
    expect(await (await openDataset(files, "q.csv", { textColumn: "left" })).load(0)).toEqual({
      kind: "text",
      text: "a",
    });
    const parquet = await openDataset(files, "t.parquet");
    expect([parquet.classes, await parquet.load(1)]).toEqual([
      ["no", "yes"],
      { kind: "text", text: "c", pair: "e f" },
    ]);
  });

  test("what is missing is listed with its rows, and the setting that helps is named", async () => {
    const files = createMemoryFiles({
      "empty.csv": "text,label\na,x\n ,x\n,y\n",
      "which.csv": "body,label\nhello,x\n",
      "broken.jsonl": '{"text": "a", "label": "x"}\n{"text": \n[1]\n',
    });
    await expect(openDataset(files, "empty.csv")).rejects.toThrow(
      /no text in column "text" in rows empty.csv:2, empty.csv:3/,
    );
    await expect(openDataset(files, "which.csv")).rejects.toThrow(
      /no numbers: "body" \(which.csv:1: "hello"\).*textColumn/,
    );
    await expect(openDataset(files, "which.csv", { textColumn: "txt" })).rejects.toThrow(
      /no column "txt", it has body, label; name the right one with textColumn/,
    );
    await expect(openDataset(files, "broken.jsonl")).rejects.toThrow(
      /no JSON objects: line 2 \(.*\); line 3 \(not an object\)/,
    );
    await expect(
      openDataset(files, "which.csv", { textColumn: "body", imageColumn: "body" }),
    ).rejects.toThrow(/textColumn and imageColumn exclude each other/);
  });
});

describe("Parquet of the hub", () => {
  test("embedded images are decoded in any order, and classes bear the names of the metadata", async () => {
    const set = await openDataset(createMemoryFiles({ "i.parquet": golden("images.parquet") }), "i.parquet");
    expect([set.kind, set.classes, set.length]).toEqual(["image", ["cat", "dog", "owl"], 7]);
    for (const i of [6, 0, 3, 5, 1, 2, 4]) {
      const image = (await set.load(i)) as Image;
      expect([image.height, image.width, image.data[0], set.label(i)]).toEqual([2, 2, 10 * i, i % 3]);
    }
  });

  test("a file that was cut off is named", async () => {
    const cut = golden("images.parquet").subarray(0, 400);
    await expect(openDataset(createMemoryFiles({ "i.parquet": cut }), "i.parquet")).rejects.toThrow(
      /i.parquet: not a Parquet file that can be read/,
    );
  });
});
