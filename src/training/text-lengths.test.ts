import { expect, test } from "vitest";
import { datasetOf, flat, letters } from "../data/data.fixtures.ts";
import type { Dataset } from "../data/dataset.ts";
import type { TextPreprocessing } from "../data/preprocess/config.ts";
import type { Tokenizer } from "../data/preprocess/tokenizer.ts";
import { askedLength, chooseLengths, lengthBucket } from "./text-lengths.ts";

const config: TextPreprocessing = {
  kind: "text",
  maxLength: 128,
  lengthStep: 1,
  ids: { name: "ids", dtype: "int64" },
  mask: { name: "mask", dtype: "int64" },
  types: null,
  positions: null,
};
const tokenizer: Tokenizer = { ...letters, maxLength: 512 };

function ofSizes(...sizes: readonly (number | undefined)[]): Dataset {
  return {
    ...datasetOf(
      sizes.map(() => 0),
      () => flat(0),
    ),
    size: (i) => sizes[i],
  };
}
const choose = (
  train: Dataset,
  judged: Dataset[] = [],
  buckets?: number | number[],
  more: Partial<TextPreprocessing> = {},
) => chooseLengths({ train, judged }, { ...config, ...more }, { buckets, batchSize: 1 });

test("training texts decide the lengths, and longer texts of other sets add some of their own", () => {
  const {
    training,
    all,
    config: chosen,
    note,
  } = choose(ofSizes(7, 30, 31), [ofSizes(3, 64, 128), ofSizes(66)]);
  expect(training).toEqual([8, 32]);
  expect(all).toEqual([8, 32, 72, 128]);
  expect(chosen).toMatchObject({ lengths: all, maxLength: 128 });
  expect(note).toMatch(
    /up to 31 tokens; batches are filled up to 8 or 32 .*, 75 % of .* other sets take 72 or 128\./,
  );
});

test("a model without a mask is warned of where texts are filled up to several lengths", () => {
  expect(choose(ofSizes(7, 30), [], undefined, { mask: null }).note).toMatch(
    /reads what texts are filled up with/,
  );
  expect(choose(ofSizes(7, 30), [], 1, { mask: null }).note).not.toMatch(/mask/);
});

test("texts that fill the limit are counted, because they may be cut", () => {
  expect(choose(ofSizes(128, 128, 9)).note).toMatch(/2 of 3 take all of 128/);
});

test("what the preprocessor cut of dialogues is counted exactly, in training and in other sets", () => {
  const cutting = (...cuts: readonly number[]): Dataset => ({
    ...ofSizes(...cuts.map((n) => (n > 0 ? 128 : 9))),
    cut: (i) => cuts[i],
  });
  const { note } = choose(cutting(0, 12, 30), [cutting(0, 0), cutting(5)]);
  expect(note).toContain("1 of 3 texts of other sets (5 tokens lost) were cut to 128 tokens");
  expect(note).toContain("2 of 3 training texts (42 tokens lost) were cut to 128 tokens");
  // Texts that fill the limit and no more have lost nothing.
  expect(choose({ ...ofSizes(128, 9), cut: () => 0 }).note).not.toMatch(/cut/);
});

test("a number of lengths, or the lengths themselves, are the user's to say", () => {
  expect(choose(ofSizes(7, 15, 30), [ofSizes(60, 100)], 1).all).toEqual([32, 104]);
  expect(choose(ofSizes(7, 15, 30), [], 2).training).toEqual([16, 32]);
  expect(choose(ofSizes(7, 15, 30), [], [10, 20, 40, 100]).training).toEqual([10, 20, 40]);
  expect(choose(ofSizes(7, 15, 50), [], [10, 20]).training).toEqual([10, 20, 56]);
});

test("a model of one length gets batches of it, and an unknown size counts as the most", () => {
  expect(choose(ofSizes(7, 15), [], undefined, { lengthStep: 128 }).all).toEqual([128]);
  expect(choose(ofSizes(7, undefined)).training).toEqual([8, 128]);
});

test("lengths beyond the model's, or in no order, are refused", () => {
  expect(askedLength({ buckets: [8, 16] }, tokenizer)).toBe(16);
  expect(askedLength({ buckets: [8, 16], maxLength: 40 }, tokenizer)).toBe(40);
  expect(askedLength({ buckets: 4 }, tokenizer)).toBeUndefined();
  expect(() => askedLength({ maxLength: 600 }, tokenizer)).toThrow(/maxLength 600: .* tokenizer says, 512/);
  expect(() => askedLength({ buckets: [8, 64], maxLength: 40 }, tokenizer)).toThrow(
    "preprocess.buckets 64: preprocess.maxLength is 40 tokens",
  );
  expect(() => askedLength({ buckets: [16, 8] }, tokenizer)).toThrow(/ascending/);
});

test("a loader learns which length an example takes", () => {
  expect([0, 1, 2].map(lengthBucket(ofSizes(8, 9, undefined), [8, 16]))).toEqual([0, 1, 1]);
});
