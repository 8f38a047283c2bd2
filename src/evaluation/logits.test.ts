import { expect, test } from "vitest";
import { createRandom } from "../tensor/random.ts";
import { largest } from "./logits.ts";

test("the largest of a row are the first of it sorted, of equals the first one first", () => {
  const random = createRandom(1);
  for (const [length, count] of [
    [1, 1],
    [1, 3],
    [9, 9],
    [50, 4],
    [300, 7],
  ] as const) {
    // Few different numbers, so that many are equal.
    const values = Array.from({ length }, () => random.integer(20));
    const sorted = [...values.keys()].sort((a, b) => values[b]! - values[a]!).slice(0, count);
    expect(largest(values, count)).toEqual(sorted);
  }
});
