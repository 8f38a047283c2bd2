import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Files } from "../../platform/files.ts";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { readParquet } from "./parquet.ts";

const compressions = ["none", "snappy", "gzip", "brotli", "zstd", "lz4"];
const versions = ["v1", "v2"];
const golden = (name: string) => readFileSync(new URL(`../goldens/${name}`, import.meta.url));
/** Rows in an order that goes from page to page and comes back. */
const shuffled = Array.from({ length: 200 }, (_, n) => (n * 77) % 200);

/** The cells of a row, as scripts/goldens/parquet.py makes them. */
const expected = (i: number) => [
  i % 50 === 7 ? null : `${i} ${"word ".repeat(i % 9)}`,
  i / 8,
  [i, 0 - i],
  `class ${i % 3}`,
];

describe.each(compressions)("what pyarrow wrote with compression %s", (compression) => {
  test.each(versions)("and pages of %s is read row by row in any order", async (version) => {
    const name = `pages-${compression}-${version}.parquet`;
    const table = await readParquet(createMemoryFiles({ [name]: golden(name) }), name);
    const wanted = ["text", "score", "tags", "label"].map((c) => table.columns.indexOf(c));
    for (const i of shuffled) expect(await table.row(i, wanted), `row ${i}`).toEqual(expected(i));
    let i = 0;
    for await (const row of table.scan(wanted)) expect(row).toEqual(expected(i++));
    expect(i).toBe(200);
    for (const i of shuffled) {
      const bytes = table.embedded!.bytes(i, "image");
      if (i % 60 === 9) await expect(bytes).rejects.toThrow(`row ${i + 1} has no content in column "image"`);
      else expect(Array.from(await bytes)).toEqual([i, Math.floor(i / 2), 255]);
    }
  });
});

test("one cell costs the pages that hold it, not its row group", async () => {
  const name = "pages-none-v1.parquet";
  const memory = createMemoryFiles({ [name]: golden(name) });
  let read = 0;
  const files: Files = {
    ...memory,
    async readRange(path, offset, length) {
      read += length;
      return memory.readRange(path, offset, length);
    },
  };
  const table = await readParquet(files, name);
  const text = [table.columns.indexOf("text")];
  await table.row(0, text); // goes through the headers
  read = 0;
  await table.row(150, text);
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(1500); // of 17,289: the dictionary and a page
});

test("pages that were overwritten are named", async () => {
  const name = "pages-zstd-v1.parquet";
  const bytes = golden(name);
  bytes.fill(0, 4, 2500);
  const table = await readParquet(createMemoryFiles({ [name]: bytes }), name);
  await expect(table.row(3, [table.columns.indexOf("text")])).rejects.toThrow(/^pages-zstd-v1.parquet: /);
});
