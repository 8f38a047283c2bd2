import type { ScaleOptions } from "@observablehq/plot";
import type { Interval } from "../../evaluation/intervals.ts";

/** Shares that may carry a tick on a logit axis, from sparse to dense; each end of the scale has its own decades. */
const TICKS: readonly (readonly number[])[] = [
  [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999],
  mirrored([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5]),
  mirrored([...steps(0.001, 0.01, 9), ...steps(0.01, 0.1, 9), ...steps(0.1, 0.5, 8)]),
  mirrored([...steps(0.001, 0.01, 18), ...steps(0.01, 0.1, 18), ...steps(0.1, 0.5, 40)]),
];

/** An axis of logits whose ticks read as shares. @param at from a share to its place */
export function logitAxis(
  domain: readonly [number, number],
  label: string,
  at: (share: number) => number,
): ScaleOptions {
  return {
    domain: [...domain],
    label,
    labelArrow: "none",
    labelAnchor: "center",
    tickSize: 0,
    grid: true,
    ticks: ticksIn(domain, at),
    tickFormat: (t: number) => `${Number((100 / (1 + Math.exp(-t))).toFixed(1))}\u202f%`,
  };
}

/** The logits that hold all intervals, with a margin. */
export function domainOf(
  estimates: readonly Interval[],
  at: (share: number) => number,
): readonly [number, number] {
  const low = Math.min(...estimates.map((e) => at(e.low)));
  const high = Math.max(...estimates.map((e) => at(e.high)));
  const margin = Math.max(0.15, (high - low) * 0.12);
  return [low - margin, high + margin];
}

/** The sparsest of the tick sets with at least four inside, without those that would touch their neighbour. */
function ticksIn([low, high]: readonly [number, number], at: (share: number) => number): number[] {
  const inside = TICKS.map((shares) => shares.map(at).filter((t) => t >= low && t <= high));
  const gap = (high - low) / 10;
  const kept: number[] = [];
  for (const tick of inside.find((ticks) => ticks.length >= 4) ?? inside.at(-1) ?? []) {
    if (kept.length === 0 || tick - kept.at(-1)! >= gap) kept.push(tick);
  }
  return kept;
}

function steps(from: number, to: number, count: number): number[] {
  return Array.from({ length: count + 1 }, (_, i) => from + ((to - from) * i) / count);
}

/** Shares up to a half and their complements, ascending, each once. */
function mirrored(shares: readonly number[]): readonly number[] {
  const all = [...shares, ...shares.map((p) => 1 - p)].map((p) => Number(p.toFixed(5)));
  return [...new Set(all)].sort((a, b) => a - b);
}
