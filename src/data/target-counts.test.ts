import { expect, test } from "vitest";
import { datasetOf, flat } from "./data.fixtures.ts";
import type { Dataset, Image } from "./dataset.ts";
import { targetCounts } from "./target-counts.ts";

const masked = (masks: readonly Image["mask"][]): Dataset => ({
  ...datasetOf(
    masks.map(() => 0),
    (i) => ({ ...flat(0), ...(masks[i] ? { mask: masks[i] } : {}) }),
    ["sky", "tree", "road"],
  ),
  labelling: "sample",
});

test("pixels are counted over all masks, and those that do not count are left out", async () => {
  const set = masked([
    Uint8Array.of(0, 0, 1, 255),
    Uint8Array.of(1, 1, 1, 0),
    Uint16Array.of(1, 65535, 65535, 0),
  ]);
  expect(await targetCounts(set)).toEqual([4, 5, 0]);
});

test("so are the classes of words, and examples with one class each", async () => {
  const tokens = {
    kind: "tokens",
    data: new Int32Array(5),
    types: new Int32Array(5),
    targets: Int32Array.of(-100, 2, 0, 2, -100),
    source: { kind: "text", text: "" },
  } as const;
  const words: Dataset = { ...masked([undefined]), kind: "text", load: async () => tokens };
  expect(await targetCounts(words)).toEqual([1, 0, 2]);
  const single = datasetOf([0, 2, 2], () => flat(0), ["0", "1", "2"]);
  expect(await targetCounts({ ...single, label: (i) => [0, 2, 2][i]! })).toEqual([1, 0, 2]);
});

test("samples without targets, and data without classes, have nothing to count", async () => {
  expect(await targetCounts(masked([undefined]))).toEqual([]);
  expect(await targetCounts(datasetOf([0.5], () => flat(0), null))).toEqual([]);
});
