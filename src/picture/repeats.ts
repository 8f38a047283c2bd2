/** A stretch of a sequence: `count` copies of the same `period` elements from `start` on. */
export interface Stretch {
  readonly start: number;
  readonly period: number;
  readonly count: number;
}

export interface RepeatOptions {
  /** What tells elements apart. */
  readonly symbols: readonly string[];
  /** What one element is worth: repeats that save most are found first. */
  readonly sizes: readonly number[];
  /** The least that the elements of a pattern are worth together. */
  readonly least: number;
  /** Breaks ties between places where a pattern might begin; the largest wins. */
  readonly beginsWell?: (start: number, period: number) => number;
}

/** Longest pattern that is looked for: no network repeats longer ones, and the search is quadratic in it. */
const MAX_PERIOD = 64;

/** Cuts a sequence into stretches in order; what does not repeat is a stretch of count 1. */
export function findRepeats(options: RepeatOptions): Stretch[] {
  return cut(options, 0, options.symbols.length);
}

function cut(o: RepeatOptions, from: number, to: number): Stretch[] {
  if (to <= from) return [];
  const best = bestRepeat(o, from, to);
  if (best === null) return [{ start: from, period: to - from, count: 1 }];
  return [...cut(o, from, best.start), best, ...cut(o, best.start + best.period * best.count, to)];
}

function bestRepeat(o: RepeatOptions, from: number, to: number): Stretch | null {
  let best: Stretch | null = null;
  let [bestSaved, bestTie] = [0, 0];
  for (let period = 1; period <= Math.min(MAX_PERIOD, (to - from) >> 1); period++) {
    let run = 0;
    for (let i = from + period; i <= to; i++) {
      if (i < to && o.symbols[i] === o.symbols[i - period]) {
        run++;
        continue;
      }
      // Elements i − run − period … i − 1 repeat with this period; a pattern may begin at any of the first ones.
      const first = i - run - period;
      const length = run + period;
      run = 0;
      const count = Math.floor(length / period);
      if (count < 2) continue;
      for (let start = first; start + period * count <= first + length; start++) {
        const size = sum(o.sizes, start, start + period);
        const saved = (count - 1) * size;
        const tie = o.beginsWell?.(start, period) ?? 0;
        if (size < o.least || saved < bestSaved || (saved === bestSaved && tie <= bestTie)) continue;
        best = { start, period, count };
        [bestSaved, bestTie] = [saved, tie];
      }
    }
  }
  return best;
}

function sum(values: readonly number[], from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += values[i] ?? 0;
  return total;
}
