import { ConfigError, DataError } from "../errors.ts";
import { hashText } from "./content-hash.ts";
import { classesOf, type Dataset, listing } from "./dataset.ts";
import { subset, withWarnings } from "./views.ts";

export interface SplitOptions {
  /** Share of the examples, and of each class, that goes to the second part, in (0, 1). */
  readonly fraction: number;
  readonly seed: number;
}

/** Examples that must not be parted. */
interface Unit {
  readonly members: readonly number[];
  readonly hash: number;
}

/**
 * Splits a dataset in two by a seeded hash of each example's key: those with the lowest hashes of each class are held
 * out, as many as the share says (rounded, but at least one and not all; a class of one example, or of copies of one, stays in
 * the first part and is warned of). So an example that is added moves at most one other, of its own class, and copies of one example
 * stay together. Where the dataset has groups or several classes per example, whole groups are taken in the order of
 * their hashes, as long as each brings every class nearer to its share. Both parts keep the original order.
 *
 * @returns [rest, held out]
 */
export function stratifiedSplit(dataset: Dataset, options: SplitOptions): readonly [Dataset, Dataset] {
  const { fraction } = options;
  if (!(fraction > 0 && fraction < 1))
    throw new ConfigError(`split fraction ${fraction}: expected between 0 and 1`);
  if (dataset.length < 2)
    throw new DataError(`${dataset.source}: ${dataset.length} examples cannot be split in two`);
  const byGroups = dataset.group !== undefined || dataset.labelling === "classes";
  const { held, single } = byGroups ? takeUnits(dataset, options) : takeLowest(dataset, options);
  const indices = [...held.keys()];
  const rest = subset(
    dataset,
    indices.filter((i) => !held[i]),
  );
  const part = subset(
    dataset,
    indices.filter((i) => held[i]),
    `${dataset.source} (${percent(fraction)} held out)`,
  );
  if (part.length === 0)
    throw new DataError(
      `${dataset.source}: ${dataset.labelling === "class" ? "every class has" : `its ${dataset.length} examples are`} one example or copies of one, ` +
        "nothing can be held out; give a validation set",
    );
  if (single.length === 0) return [rest, part];
  return [
    rest,
    withWarnings(part, [
      `${dataset.source}: none held out of classes with one ${dataset.group ? "group" : "example"}: ${listing(single)}.`,
    ]),
  ];
}

interface Held {
  /** 1 for the examples that are held out. */
  readonly held: Uint8Array;
  /** Classes that cannot be in both parts. */
  readonly single: readonly string[];
}

function takeLowest(dataset: Dataset, options: SplitOptions): Held {
  const strata = new Map<number, number[]>();
  for (let i = 0; i < dataset.length; i++) put(strata, classesOf(dataset, i)[0] ?? 0, i);
  const held = new Uint8Array(dataset.length);
  const single: string[] = [];
  for (const [c, members] of strata) {
    const units = inOrder(dataset, members, options.seed, (i) => dataset.key?.(i) ?? dataset.name(i));
    if (units.length === 1) {
      single.push(dataset.classes?.[c] ?? "all");
      continue;
    }
    const take = Math.min(members.length - 1, Math.max(1, Math.round(members.length * options.fraction)));
    let taken = 0;
    for (const unit of units.slice(0, -1)) {
      if (taken >= take) break;
      for (const i of unit.members) held[i] = 1;
      taken += unit.members.length;
    }
  }
  return { held, single };
}

/** Whole groups, as long as each lessens Σ (held − wanted)² / wanted over the classes and all examples together. */
function takeUnits(dataset: Dataset, options: SplitOptions): Held {
  const all = Array.from({ length: dataset.length }, (_, i) => i);
  const keyOf = dataset.group ?? ((i: number) => dataset.key?.(i) ?? dataset.name(i));
  const units = inOrder(dataset, all, options.seed, keyOf);
  if (units.length < 2) {
    throw new DataError(
      `${dataset.source}: all ${dataset.length} examples are of one group, which cannot be split; give a validation set`,
    );
  }
  // The count behind the last class is of all examples.
  const total = dataset.classes?.length ?? 0;
  const countsOf = ({ members }: Unit): Map<number, number> => {
    const counts = new Map([[total, members.length]]);
    for (const i of members) for (const c of classesOf(dataset, i)) counts.set(c, (counts.get(c) ?? 0) + 1);
    return counts;
  };
  const wanted = new Array<number>(total + 1).fill(0);
  const unitsOfClass = new Array<number>(total + 1).fill(0);
  for (const unit of units) {
    for (const [c, n] of countsOf(unit)) {
      wanted[c]! += n * options.fraction;
      unitsOfClass[c]!++;
    }
  }
  const now = new Array<number>(total + 1).fill(0);
  const unitsHeld = new Array<number>(total + 1).fill(0);
  const held = new Uint8Array(dataset.length);
  for (const unit of units) {
    const counts = countsOf(unit);
    let change = 0;
    for (const [c, n] of counts) {
      const off = now[c]! - wanted[c]!;
      change += ((off + n) ** 2 - off ** 2) / wanted[c]!;
    }
    // Training keeps a group of every class, and one at all.
    const takesLast = [...counts.keys()].some((c) => unitsHeld[c]! + 1 === unitsOfClass[c]);
    if (change >= 0 || takesLast) continue;
    for (const [c, n] of counts) {
      now[c]! += n;
      unitsHeld[c]!++;
    }
    for (const i of unit.members) held[i] = 1;
  }
  // Where every group is the only one of some class, one of them is held out all the same.
  if (unitsHeld[total] === 0) for (const i of units.at(-1)!.members) held[i] = 1; // there are two units at least
  const single = (dataset.classes ?? []).filter((_, c) => unitsOfClass[c] === 1);
  return { held, single };
}

/** Examples of equal keys as units, the lowest seeded hash first. */
function inOrder(
  dataset: Dataset,
  members: readonly number[],
  seed: number,
  keyOf: (i: number) => string | number,
): Unit[] {
  const units = new Map<number, number[]>();
  for (const i of members) put(units, hashText(seed, "split", keyOf.call(dataset, i)), i);
  return [...units].map(([hash, list]) => ({ hash, members: list })).sort((a, b) => a.hash - b.hash);
}

function put(map: Map<number, number[]>, key: number, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(1))} %`;
}
