import fc from "fast-check";
import type { FloatInput, IntegerInput } from "../support/gradient-check.ts";

/** What several families of random cases draw. */

/** A shape of `min` … `max` axes of one to three elements. */
export function shape(min: number, max: number): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 1, max: 3 }), { minLength: min, maxLength: max });
}

/** A shape that broadcasts to another: some leading axes left out, some axes of one element. */
export function broadcastOf(whole: readonly number[]): fc.Arbitrary<number[]> {
  return fc
    .record({
      skip: fc.integer({ min: 0, max: whole.length }),
      ones: fc.array(fc.boolean(), { minLength: whole.length, maxLength: whole.length }),
    })
    .map(({ skip, ones }) => whole.map((d, i) => (ones[i] ? 1 : d)).slice(skip));
}

/** An axis of a tensor of this rank, counted from either end. */
export function axisOf(rank: number): fc.Arbitrary<number> {
  return fc.integer({ min: -rank, max: rank - 1 });
}

/** Different axes, each counted from either end. */
export function axesOf(rank: number, min = 0): fc.Arbitrary<number[]> {
  const all = Array.from({ length: rank }, (_, i) => i);
  return fc
    .record({
      axes: fc.shuffledSubarray(all, { minLength: Math.min(min, rank) }),
      back: fc.array(fc.boolean(), { minLength: rank, maxLength: rank }),
    })
    .map(({ axes, back }) => axes.map((axis) => (back[axis] ? axis - rank : axis)));
}

export function ints(...data: readonly number[]): IntegerInput {
  return { dtype: "int64", dims: [data.length], data };
}

export function int(value: number): IntegerInput {
  return { dtype: "int64", dims: [], data: [value] };
}

/** Elements without ties: evenly spaced, in random order. */
export function distinct(dims: readonly number[]): FloatInput {
  return { dims, distinct: true, range: [-9, 9] };
}

/** Elements far from zero on one side. */
export function positive(dims: readonly number[]): FloatInput {
  return { dims, range: [0.5, 2] };
}

export const flag: fc.Arbitrary<0 | 1> = fc.constantFrom(0, 1);

/** One of several arbitraries of the same kind, by name. */
export type Cases<T> = Readonly<Record<string, fc.Arbitrary<T>>>;
