import { describe, expect, it } from "vitest";
import { methods } from "../config/methods.ts";
import { configKeys } from "../config/parse.ts";
import { pointsOf, searchSpaceOf, widen } from "./search.ts";

const base = { lr: 1e-3, anchor: undefined };
const entry = (method: string, search?: Record<string, number[]>) => ({
  name: method,
  method,
  settings: {},
  ...(search ? { search } : {}),
});

describe("what is searched where the file does not say", () => {
  it.each(methods.map((m) => m.name))("%s has one setting and enough values of it", (name) => {
    for (const trials of [1, 4, 9]) {
      const space = searchSpaceOf(entry(name), base, trials);
      const [key, ...others] = Object.keys(space);
      expect(others).toEqual([]);
      expect(configKeys()).toContain(key);
      expect(pointsOf(space, { trials, seed: 0, name })).toHaveLength(trials);
    }
  });

  it("is λ where a method has one, and else the learning rate around the base's", () => {
    expect(searchSpaceOf(entry("spd"), base, 3)).toEqual({ "optimizer.strength": [0.1, 0.5, 1, 1.5, 2, 3] });
    expect(searchSpaceOf(entry("adam"), base, 3)).toEqual({ "optimizer.lr": [0.000464, 0.001, 0.00215] });
    expect(searchSpaceOf(entry("adam"), { ...base, anchor: "spd" }, 3)).toHaveProperty([
      "optimizer.strength",
    ]);
  });
});

it("a key that is no setting is refused with the one that is near", () => {
  expect(() => searchSpaceOf(entry("spd", { "optimizer.stength": [1] }), base, 1)).toThrow(
    /methods, spd: search key "optimizer.stength" is no setting of a run; did you mean optimizer.strength\?/,
  );
});

describe("the points", () => {
  const options = { trials: 3, seed: 1, name: "m" };

  it("of one setting lie evenly between its ends", () => {
    expect(pointsOf({ a: [1, 2, 3, 4, 5] }, options)).toEqual([{ a: 1 }, { a: 3 }, { a: 5 }]);
  });

  it("of several settings are drawn by the seed, each at most once", () => {
    const space = { a: [1, 2, 3], b: [1, 2, 3] };
    const points = pointsOf(space, options);
    expect(new Set(points.map((p) => `${p.a} ${p.b}`)).size).toBe(3);
    expect(pointsOf(space, options)).toEqual(points);
    expect(pointsOf(space, { ...options, seed: 2 })).not.toEqual(points);
  });

  it("must be as many as the trials of every other method", () => {
    expect(() => pointsOf({ a: [1, 2] }, options)).toThrow(
      /m: its search range has 2 points, fewer than trials \(3\)/,
    );
  });
});

describe("widening", () => {
  it("goes one step further out, in the ratio of the last two values", () => {
    expect(widen({ a: 4 }, [{ a: 1 }, { a: 2 }, { a: 4 }])).toMatchObject({ key: "a", value: 8 });
    expect(widen({ a: 1 }, [{ a: 4 }, { a: 1 }])).toMatchObject({ key: "a", value: 0.25 });
  });

  it("does not leave the inside, nor 0, nor a word", () => {
    expect(widen({ a: 2 }, [{ a: 1 }, { a: 2 }, { a: 4 }])).toBeUndefined();
    expect(widen({ a: 0 }, [{ a: 0 }, { a: 1 }])).toBeUndefined();
    expect(widen({ a: "x" }, [{ a: "x" }, { a: "y" }])).toBeUndefined();
    expect(widen({ a: 1 }, [{ a: 1 }])).toBeUndefined();
  });

  it("from 0 to the first value beyond it takes a fixed factor, and never more than ten", () => {
    expect(widen({ a: 1 }, [{ a: 0 }, { a: 1 }])?.value).toBe(3);
    expect(widen({ a: 1000 }, [{ a: 0.001 }, { a: 1000 }])?.value).toBe(10000);
  });

  it("keeps the best point's other settings", () => {
    expect(
      widen({ a: 2, b: 5 }, [
        { a: 1, b: 5 },
        { a: 2, b: 5 },
      ])?.point,
    ).toEqual({ a: 4, b: 5 });
  });
});
