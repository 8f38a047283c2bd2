import { describe, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { hashBytes, hashText } from "./content-hash.ts";
import { datasetOf, flat, golden } from "./data.fixtures.ts";
import { classCounts, type Dataset } from "./dataset.ts";
import { stratifiedSplit } from "./split.ts";

const namesOf = (set: Dataset) => Array.from({ length: set.length }, (_, i) => set.name(i));
const numbersOf = (set: Dataset) => namesOf(set).map((name) => Number(name.slice(8)));

interface SplitGolden {
  readonly hashes: readonly { readonly text: string; readonly hash: number }[];
  readonly labels: readonly number[];
  readonly fraction: number;
  readonly seed: number;
  readonly held: readonly number[];
}
const goldens = await golden<SplitGolden>("split.json");

describe("hashes", () => {
  test("are those of the Python script", () => {
    for (const { text, hash } of goldens.hashes) expect(hashText(text), text).toBe(hash);
  });

  test("of small differences are far apart, and none of 200,000 meet", () => {
    const seen = new Set<number>();
    for (let i = 0; i < 200_000; i++) seen.add(hashBytes(Uint8Array.of(i & 255, (i >> 8) & 255, i >> 16, 0)));
    expect(seen.size).toBe(200_000);
    // Thousands of one bit's changes fall evenly into 64 ranges: a chi-squared of 63 degrees is below 120 (p = 2e-5).
    const counts = new Array<number>(64).fill(0);
    for (const hash of seen) counts[Math.floor(hash / 2 ** 47)]!++;
    const expected = 200_000 / 64;
    expect(counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)).toBeLessThan(120);
  });
});

describe("a split by hash", () => {
  test("holds out what the Python script holds out", () => {
    const { labels, fraction, seed, held } = goldens;
    const [, part] = stratifiedSplit(
      datasetOf(labels, () => flat(0)),
      { fraction, seed },
    );
    expect(numbersOf(part)).toEqual(held);
  });

  test("takes the share of each class, at least one and never all; both parts are disjoint and in order", () => {
    const labels = [...new Array(10).fill(0), ...new Array(3).fill(1), ...new Array(2).fill(2), 3];
    const dataset = datasetOf(labels, () => flat(0));
    const [rest, held] = stratifiedSplit(dataset, { fraction: 0.5, seed: 1 });
    expect([classCounts(rest), classCounts(held)]).toEqual([
      [5, 1, 1, 1],
      [5, 2, 1, 0],
    ]);
    expect(held.warnings).toEqual(["made up: none held out of classes with one example: 3."]);
    const names = [rest, held].map(numbersOf);
    expect(names.flat().sort((a, b) => a - b)).toEqual([...labels.keys()]);
    for (const part of names) expect(part).toEqual([...part].sort((a, b) => a - b));
  });

  test("moves at most one other example when one is added, and nothing when they are shuffled", () => {
    const before = Array.from({ length: 300 }, (_, i) => i % 3);
    const options = { fraction: 0.2, seed: 4 };
    const heldOf = (labels: readonly number[]) =>
      new Set(
        namesOf(
          stratifiedSplit(
            datasetOf(labels, () => flat(0)),
            options,
          )[1],
        ),
      );
    let held = heldOf(before);
    for (let n = 0; n < 30; n++) {
      const next = heldOf([...before, ...Array.from({ length: n + 1 }, (_, k) => k % 3)]);
      const fresh = `example ${300 + n}`;
      const moved = [...held].filter((x) => !next.has(x)).length;
      const came = [...next].filter((x) => !held.has(x) && x !== fresh).length;
      expect(moved + came).toBeLessThanOrEqual(1);
      held = next;
    }
    const dataset = datasetOf(before, () => flat(0));
    const backwards = {
      ...dataset,
      label: (i: number) => dataset.label(299 - i),
      name: (i: number) => dataset.name(299 - i),
    };
    expect(new Set(namesOf(stratifiedSplit(backwards, options)[1]))).toEqual(heldOf(before));
  });

  test("keeps copies of one example together", () => {
    const dataset = { ...datasetOf(new Array(40).fill(0), () => flat(0)), key: (i: number) => i >> 1 };
    const [, held] = stratifiedSplit(dataset, { fraction: 0.25, seed: 2 });
    expect(numbersOf(held).length).toBe(10);
    const halves = numbersOf(held).map((i) => i >> 1);
    expect(new Set(halves).size).toBe(5);
  });

  test("leaves a class of copies of one example in the first part, as one that has a single example", () => {
    const labels = Array.from({ length: 40 }, (_, i) => (i < 8 ? 1 : 0));
    const dataset = { ...datasetOf(labels, () => flat(0)), key: (i: number) => (i < 8 ? "copy" : i) };
    const [rest, held] = stratifiedSplit(dataset, { fraction: 0.25, seed: 2 });
    expect([classCounts(rest), classCounts(held)]).toEqual([
      [24, 8],
      [8, 0],
    ]);
    expect(held.warnings).toEqual(["made up: none held out of classes with one example: 1."]);
    const copies = { ...dataset, key: () => "copy" };
    expect(() => stratifiedSplit(copies, { fraction: 0.25, seed: 2 })).toThrow(
      /copies of one.*validation set/,
    );
  });

  test("leaves nothing to hold out where every class has one example", () => {
    const dataset = datasetOf([0, 1, 2], () => flat(0));
    expect(() => stratifiedSplit(dataset, { fraction: 0.1, seed: 1 })).toThrow(DataError);
    expect(() => stratifiedSplit(dataset, { fraction: 1, seed: 1 })).toThrow(/fraction 1/);
  });
});

describe("a split of groups", () => {
  const labels = Array.from({ length: 400 }, (_, i) => (i % 10 === 0 ? 1 : 0));
  const grouped = (sizes: (i: number) => string): Dataset => ({
    ...datasetOf(labels, () => flat(0)),
    group: sizes,
  });

  test("divides none, and comes near the share of every class", () => {
    for (const seed of [1, 2, 3, 4]) {
      const [rest, held] = stratifiedSplit(
        grouped((i) => `p${Math.floor(i / 7)}`),
        { fraction: 0.2, seed },
      );
      const groups = (set: Dataset) => new Set(Array.from({ length: set.length }, (_, i) => set.group!(i)));
      const own = groups(held);
      for (const group of groups(rest)) expect(own.has(group)).toBe(false);
      const [usual = 0, rare = 0] = classCounts(held);
      // 72 and 8 are wanted; no group has more than 7 examples, or 1 of the rare class.
      expect(Math.abs(usual - 72)).toBeLessThanOrEqual(7);
      expect(Math.abs(rare - 8)).toBeLessThanOrEqual(2);
    }
  });

  test("keeps a group for training, and needs two", () => {
    const two = grouped((i) => (i < 390 ? "large" : "small"));
    expect(stratifiedSplit(two, { fraction: 0.9, seed: 1 }).map((set) => set.length)).toContain(10);
    expect(() =>
      stratifiedSplit(
        grouped(() => "one"),
        { fraction: 0.5, seed: 1 },
      ),
    ).toThrow(/one group, which cannot be split; give a validation set/);
  });

  test("of several classes per example comes near the share of each", () => {
    const several = (i: number) => [0, 1, 2, 3].filter((c) => (i >> c) % 2 === 1 || i % (c + 5) === 0);
    const dataset: Dataset = {
      ...datasetOf(labels, () => flat(0)),
      labelling: "classes",
      classes: ["a", "b", "c", "d"],
      labels: several,
    };
    const all = classCounts(dataset);
    const [rest, held] = stratifiedSplit(dataset, { fraction: 0.25, seed: 9 });
    expect(rest.length + held.length).toBe(400);
    for (const [c, n] of classCounts(held).entries())
      expect(Math.abs(n - all[c]! / 4)).toBeLessThanOrEqual(3);
    expect(Math.abs(held.length - 100)).toBeLessThanOrEqual(3);
  });
});
