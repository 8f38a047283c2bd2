import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketIndex, chooseBuckets, filledTokens, roundedUp } from "./length-buckets.ts";

const LIMIT = 60;
const sizes = fc.array(fc.integer({ min: 1, max: LIMIT }), { minLength: 1, maxLength: 40 });

/** Fewest tokens of all ways to choose `count` lengths or fewer: tries every set of them. */
function fewestTokens(all: readonly number[], count: number): number {
  const last = Math.max(...all.map((size) => roundedUp(size, LIMIT)));
  let sets: number[][] = [[last]];
  for (let length = 8; length < last; length += 8)
    sets = sets.flatMap((set) =>
      set.length < count ? [set, [length, ...set].sort((a, b) => a - b)] : [set],
    );
  return Math.min(...sets.map((set) => filledTokens(all, set)));
}

test("a given number of lengths takes the fewest tokens that so many lengths can take", () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 4 }), (all, count) => {
      const lengths = chooseBuckets(all, { limit: LIMIT, count });
      expect(lengths.length).toBeLessThanOrEqual(count);
      expect(lengths).toEqual([...new Set(lengths)].sort((a, b) => a - b));
      expect(lengths.at(-1)).toBe(Math.max(...all.map((size) => roundedUp(size, LIMIT))));
      expect(filledTokens(all, lengths)).toBe(fewestTokens(all, count));
    }),
  );
});

test("lengths are multiples of 8 or the limit, and none is chosen that spares little", () => {
  expect(chooseBuckets([3, 9, 9, 60], { limit: LIMIT })).toEqual([8, 16, 60]);
  // 64 against 56: an eighth of half the texts.
  const close = [...new Array<number>(50).fill(56), ...new Array<number>(50).fill(64)];
  expect(chooseBuckets(close, { limit: 128 })).toEqual([56, 64]);
  expect(chooseBuckets([...new Array<number>(95).fill(64), 56], { limit: 128 })).toEqual([64]);
  expect(chooseBuckets([...new Array<number>(95).fill(64), 56], { limit: 128, count: 3 })).toEqual([56, 64]);
});

test("a length is chosen only if a batch of examples has it", () => {
  const all = [...new Array<number>(30).fill(100), ...new Array<number>(10).fill(8)];
  expect(chooseBuckets(all, { limit: 512, least: 10 })).toEqual([8, 104]);
  expect(chooseBuckets(all, { limit: 512, least: 11 })).toEqual([104]);
});

test("what is longer than every length falls to the last one", () => {
  expect([1, 16, 17, 40].map((size) => bucketIndex(size, [16, 32]))).toEqual([0, 0, 1, 1]);
});
