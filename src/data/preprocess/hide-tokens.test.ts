import { expect, test } from "vitest";
import { createRandom } from "../../tensor/random.ts";
import type { Tokens } from "../dataset.ts";
import { NOT_LEARNED } from "./dialogue-encoder.ts";
import { hideTokens } from "./hide-tokens.ts";

const MASK = 3;
const options = { tokenizer: { size: 50, specialIds: new Set([0, 1, 2, MASK]) }, maskId: MASK };

function textOf(length: number): Tokens {
  const inner = Array.from({ length }, (_, i) => 4 + (i % 46));
  const data = Int32Array.from([1, ...inner, 2]);
  return { kind: "tokens", data, types: new Int32Array(data.length), source: { kind: "text", text: "" } };
}

test("of the chosen tokens 80 % are hidden, 10 % become others and 10 % stay; the rest is untouched", () => {
  const text = textOf(20_000);
  const { data, targets } = hideTokens(text, { ...options, share: 0.15 }, createRandom(7));
  const counts = { hidden: 0, other: 0, kept: 0 };
  let untouched = true;
  for (const [t, id] of text.data.entries()) {
    if (targets![t] === NOT_LEARNED) {
      untouched &&= data[t] === id;
      continue;
    }
    untouched &&= targets![t] === id;
    counts[data[t] === MASK ? "hidden" : data[t] === id ? "kept" : "other"]++;
  }
  expect(untouched).toBe(true);
  expect(counts.hidden + counts.other + counts.kept).toBe(3000);
  // Standard deviations of the shares: √(0.8 · 0.2 / 3000) = 0.007, √(0.1 · 0.9 / 3000) = 0.005; five of them.
  expect(Math.abs(counts.hidden / 3000 - 0.8)).toBeLessThan(0.037);
  expect(Math.abs(counts.other / 3000 - 0.1)).toBeLessThan(0.028);
});

test("special tokens are neither chosen nor put in, and a short text has one token hidden", () => {
  for (let seed = 0; seed < 50; seed++) {
    const { data, targets } = hideTokens(textOf(3), { ...options, share: 0.15 }, createRandom(seed));
    expect([...targets!].filter((id) => id !== NOT_LEARNED)).toHaveLength(1);
    expect([targets![0], targets!.at(-1)]).toEqual([NOT_LEARNED, NOT_LEARNED]);
    expect([data[0], data.at(-1)]).toEqual([1, 2]);
    for (const id of data.slice(1, -1)) expect(id).toBeGreaterThanOrEqual(MASK);
  }
});
