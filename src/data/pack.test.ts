import { expect, test } from "vitest";
import { createRandom } from "../tensor/random.ts";
import type { Dataset, Sequence } from "./dataset.ts";
import { packed, rowsOf } from "./pack.ts";

const random = createRandom(1);

test("every text is in one row, no row has too many tokens, and there are few rows", () => {
  for (const count of [1, 7, 60, 400]) {
    const sizes = Array.from({ length: count }, () => 1 + random.integer(32));
    const rows = rowsOf(sizes, 32);
    expect(rows.flat().sort((a, b) => a - b)).toEqual(sizes.map((_, i) => i));
    const fills = rows.map((members) => members.reduce((sum, i) => sum + sizes[i]!, 0));
    expect(Math.max(...fills)).toBeLessThanOrEqual(32);
    // No packing takes fewer rows than the tokens fill; first-fit decreasing takes at most 11/9 of the fewest, and one more.
    const least = Math.ceil(sizes.reduce((a, b) => a + b, 0) / 32);
    expect(rows.length).toBeLessThanOrEqual(
      (11 / 9) * Math.max(least, sizes.filter((s) => s > 16).length) + 1,
    );
  }
});

const texts = [
  [5, 6, 7],
  [8, 9],
  [10, 11, 12, 13],
];
const dataset: Dataset = {
  ...{ source: "texts", format: "jsonl", kind: "text", labelling: "sample", classes: null, warnings: [] },
  length: texts.length,
  label: () => -1,
  name: (i) => `text ${i}`,
  size: (i) => texts[i]!.length,
  load: async (i): Promise<Sequence> => ({
    kind: "sequence",
    data: Int32Array.from(texts[i]!),
    targets: Int32Array.from([...texts[i]!.slice(1), -100]),
    cut: 0,
    source: { kind: "text", text: "" },
  }),
};

test("a row holds its texts one behind the other, with their targets and the number of each", async () => {
  const { dataset: rows, rows: members } = packed(dataset, 6);
  expect(members).toEqual([[2, 1], [0]]);
  expect([rows.length, rows.name(0), rows.size?.(0)]).toEqual([2, "text 2, text 1", 6]);
  expect(await rows.load(0)).toMatchObject({
    data: Int32Array.of(10, 11, 12, 13, 8, 9),
    targets: Int32Array.of(11, 12, 13, -100, 9, -100),
    segments: Int32Array.of(1, 1, 1, 1, 2, 2),
  });
});

test("texts that weigh differently are refused", () => {
  expect(() => packed({ ...dataset, weight: () => 2 }, 6)).toThrow(/dataset.weightColumn/u);
});
