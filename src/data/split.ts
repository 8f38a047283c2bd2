import { ConfigError, DataError } from "../errors.ts";
import { permutation } from "../tensor/random.ts";
import type { Dataset } from "./dataset.ts";
import { randomFor } from "./seed.ts";
import { subset, withWarnings } from "./views.ts";

export interface SplitOptions {
  /** Share of each class that goes to the second part, in (0, 1). */
  readonly fraction: number;
  readonly seed: number;
}

/**
 * Splits a dataset in two, each class by the same share (rounded, but at least one and not all; a class of one example
 * stays in the first part and is warned of). Regression data is split at random. Both parts keep the original order.
 *
 * @returns [rest, held out]
 */
export function stratifiedSplit(dataset: Dataset, options: SplitOptions): readonly [Dataset, Dataset] {
  const { fraction, seed } = options;
  if (!(fraction > 0 && fraction < 1))
    throw new ConfigError(`split fraction ${fraction}: expected between 0 and 1`);
  if (dataset.length < 2)
    throw new DataError(`${dataset.source}: ${dataset.length} examples cannot be split in two`);
  const groups = new Map<number, number[]>();
  for (let i = 0; i < dataset.length; i++) {
    const group = dataset.classes === null ? 0 : dataset.label(i);
    const members = groups.get(group);
    if (members) members.push(i);
    else groups.set(group, [i]);
  }
  const held = new Uint8Array(dataset.length);
  const single: string[] = [];
  for (const [group, members] of groups) {
    const name = dataset.classes?.[group] ?? "all";
    if (members.length === 1) {
      single.push(name);
      continue;
    }
    const take = Math.min(members.length - 1, Math.max(1, Math.round(members.length * fraction)));
    const order = permutation(members.length, randomFor(seed, "split", name));
    for (let k = 0; k < take; k++) held[members[order[k]!]!] = 1;
  }
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
    throw new DataError(`${dataset.source}: every class has one example, nothing can be held out`);
  if (single.length === 0) return [rest, part];
  return [
    rest,
    withWarnings(part, [
      `${dataset.source}: none held out of classes with one example: ${single.join(", ")}.`,
    ]),
  ];
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(1))} %`;
}
