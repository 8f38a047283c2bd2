import { findMethod, type Method } from "../config/methods.ts";
import { configKeys } from "../config/parse.ts";
import { anchorSearch } from "../config/rule-settings.ts";
import { ConfigError, nearest } from "../errors.ts";
import { findAnchorRule } from "../optim/anchors/registry.ts";
import { createRandom, permutation } from "../tensor/random.ts";
import type { MethodEntry, SettingValue } from "./schema.ts";

/** Values of settings, by dotted key: one trial's. */
export type Point = Readonly<Record<string, SettingValue>>;

/** Values to try, by dotted key of the settings. */
export type SearchSpace = Readonly<Record<string, readonly SettingValue[]>>;

/** The settings of a run that decide what is searched where the file does not say. */
interface SearchBase {
  readonly lr: number;
  /** The anchor rule; the method's if undefined. */
  readonly anchor: string | undefined;
}

/** Steps of a learning rate: three to a decade. */
const LR_FACTOR = 10 ** (1 / 3);

/** Numbers that a method may have of its own, and what to try in their place. */
const OWN_NUMBERS: readonly (readonly [keyof Method, SearchSpace])[] = [
  ["layerDecay", { "optimizer.layerDecay": [0.65, 0.75, 0.85, 0.95] }],
  ["distillation", { "distillation.strength": [0.1, 0.3, 1, 3] }],
  ["maskShare", { "mask.share": [1e-4, 1e-3, 1e-2, 1e-1] }],
];

/**
 * What is searched for a method: its own ranges in the file; else its own number; else what its anchor rule is searched
 * by; else, for a method that holds nothing, the learning rate around the base's.
 *
 * @throws ConfigError for a key that is no setting
 */
export function searchSpaceOf(entry: MethodEntry, base: SearchBase, trials: number): SearchSpace {
  if (entry.search) {
    checkKeys(entry);
    return entry.search;
  }
  const method = findMethod(entry.method);
  const own = OWN_NUMBERS.find(([key]) => method?.[key] !== undefined)?.[1];
  const rule = findAnchorRule(base.anchor ?? method?.anchor ?? "none");
  const [found] = Object.entries(own ?? anchorSearch(rule));
  if (found) {
    const [key, values] = found;
    return { [key]: atLeast(values.map(Number), trials) };
  }
  const middle = (trials - 1) / 2;
  const rates = Array.from({ length: trials }, (_, i) => rounded(base.lr * LR_FACTOR ** (i - middle)));
  return { "optimizer.lr": rates };
}

function checkKeys({ name, search }: MethodEntry): void {
  const known = configKeys();
  for (const key of Object.keys(search ?? {})) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    throw new ConfigError(
      `methods, ${name}: search key "${key}" is no setting of a run; ${near ? `did you mean ${near}?` : "holdfast schema lists them all"}`,
      { details: { key, near } },
    );
  }
}

/** Values extended by a further one, and a further one, until there are enough. */
function atLeast(values: readonly number[], count: number): readonly number[] {
  const out = [...values];
  while (out.length < count) out.push(beyond(out, "above") ?? out.at(-1)! + 1);
  return out;
}

/**
 * The points to try: all of the space if it has `trials`; of a single setting's values that many spread evenly from
 * first to last; of several settings' that many drawn at random (with the seed, so that a resumed comparison draws the
 * same).
 *
 * @throws ConfigError if the space has fewer points, as every method gets the same number of trials
 */
export function pointsOf(
  space: SearchSpace,
  options: { readonly trials: number; readonly seed: number; readonly name: string },
): Point[] {
  const { trials, seed, name } = options;
  const all = product(space);
  if (all.length < trials)
    throw new ConfigError(
      `methods, ${name}: its search range has ${all.length} ${all.length === 1 ? "point" : "points"}, fewer than trials (${trials}). Every method gets the same number: list more values, or lower trials.`,
    );
  if (all.length === trials) return all;
  if (Object.keys(space).length === 1) return spread(all, trials);
  return [...permutation(all.length, createRandom(seed)).slice(0, trials)]
    .sort((a, b) => a - b)
    .map((i) => all[i]!);
}

function product(space: SearchSpace): Point[] {
  return Object.entries(space).reduce<Point[]>(
    (points, [key, values]) => points.flatMap((point) => values.map((value) => ({ ...point, [key]: value }))),
    [{}],
  );
}

function spread<T>(items: readonly T[], count: number): T[] {
  if (count === 1) return [items[Math.floor((items.length - 1) / 2)]!];
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]!);
}

/** A step beyond the values that were tried. */
export interface Widening {
  readonly key: string;
  readonly value: number;
  readonly point: Point;
}

/**
 * The next point to try if the best one lies at the edge of what was tried: one of its values one step further out, the
 * others as they are. Undefined if it lies inside, or at an end that has nothing beyond (0).
 */
export function widen(best: Point, tried: readonly Point[]): Widening | undefined {
  for (const [key, value] of Object.entries(best)) {
    if (typeof value !== "number") continue;
    const values = [...new Set(tried.map((p) => p[key]).filter((v) => typeof v === "number"))].sort(
      (a, b) => a - b,
    );
    if (values.length < 2) continue;
    const side = value === values.at(-1) ? "above" : value === values[0] ? "below" : undefined;
    const next = side && beyond(values, side);
    if (next !== undefined) return { key, value: next, point: { ...best, [key]: next } };
  }
  return undefined;
}

/** Where the neighbour is 0 there is no ratio to go on with. */
const FACTOR_FROM_ZERO = 3;
/** A step further is at most this factor, however coarse the values were. */
const LARGEST_FACTOR = 10;

/** One step beyond ascending values, in the ratio of the last two. */
function beyond(values: readonly number[], side: "above" | "below"): number | undefined {
  const [edge, neighbour] = side === "above" ? [values.at(-1), values.at(-2)] : [values[0], values[1]];
  if (edge === undefined || edge <= 0) return undefined;
  const ratio = neighbour && neighbour > 0 ? neighbour / edge : 1 / FACTOR_FROM_ZERO;
  const factor =
    side === "above" ? Math.min(1 / ratio, LARGEST_FACTOR) : Math.max(1 / ratio, 1 / LARGEST_FACTOR);
  return rounded(edge * factor);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
