import fc from "fast-check";
import { expect, it } from "vitest";
import { findRepeats, type Stretch } from "./repeats.ts";

const search = (text: string, least = 1) =>
  findRepeats({ symbols: [...text], sizes: [...text].map(() => 1), least });
const spell = (text: string, stretches: readonly Stretch[]) =>
  stretches.map(({ start, period, count }) => text.slice(start, start + period).repeat(count));

it("finds the pattern that saves most", () => {
  expect(search("xababababy", 2)).toEqual([
    { start: 0, period: 1, count: 1 },
    { start: 1, period: 2, count: 4 },
    { start: 9, period: 1, count: 1 },
  ]);
});

it("leaves a pattern that is too small alone", () => {
  expect(search("aaaa", 2)).toEqual([{ start: 0, period: 2, count: 2 }]);
  expect(search("aab", 2)).toEqual([{ start: 0, period: 3, count: 1 }]);
});

it("cuts a sequence into stretches that spell it again", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 40 });
  fc.assert(fc.property(texts, (text) => spell(text, search(text)).join("") === text));
});

it("begins a pattern where it is told to, among places that save the same", () => {
  const symbols = [..."babababa"];
  const sizes = symbols.map(() => 1);
  const beginsWell = (start: number) => (symbols[start] === "a" ? 1 : 0);
  expect(findRepeats({ symbols: [...symbols, "b"], sizes: [...sizes, 1], least: 2, beginsWell })[1]).toEqual({
    start: 1,
    period: 2,
    count: 4,
  });
});
