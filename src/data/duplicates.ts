import { hashSample } from "./content-hash.ts";
import { type Dataset, listing, type Sample } from "./dataset.ts";

/** Hashes of a dataset's examples as they are read, before they are made ready for a model; NaN where not read yet. */
export interface Fingerprints {
  /** The dataset, whose every load leaves a hash. */
  readonly dataset: Dataset;
  readonly hashes: Float64Array;
}

/**
 * Notes what every example holds while it is loaded: a pass over all of them, which checks them anyway, then tells which
 * are the same.
 */
export function fingerprinted(dataset: Dataset): Fingerprints {
  const hashes = new Float64Array(dataset.length).fill(Number.NaN);
  return {
    hashes,
    dataset: {
      ...dataset,
      async load(i): Promise<Sample> {
        const sample = await dataset.load(i);
        if (Number.isNaN(hashes[i])) hashes[i] = hashSample(sample);
        return sample;
      },
    },
  };
}

/** Sentences on copies within the training set. */
export function trainingDuplicates({ dataset, hashes }: Fingerprints): string[] {
  const first = firstOf(hashes);
  const copies: number[] = [];
  const contrary: number[] = [];
  for (const [i, hash] of hashes.entries()) {
    const at = first.get(hash);
    if (at === undefined || at === i) continue;
    copies.push(i);
    if (labelOf(dataset, at) !== labelOf(dataset, i)) contrary.push(i);
  }
  const pair = (i: number) => `${dataset.name(first.get(hashes[i]!)!)} = ${dataset.name(i)}`;
  const notes: string[] = [];
  if (copies.length > 0)
    notes.push(
      `train: ${count(copies.length, "example is a copy", "examples are copies")} of another one: ${listing(copies.map(pair))}.`,
    );
  if (contrary.length > 0)
    notes.push(
      `train: ${count(contrary.length, "copy has", "copies have")} another label than the original: ` +
        `${listing(contrary.map(pair))}. One of the two is wrong.`,
    );
  return notes;
}

/** Sentences on what a set that a model is judged on has in common with the training set: examples, or groups. */
export function sharedWithTraining(name: string, train: Fingerprints, set: Fingerprints): string[] {
  const first = firstOf(train.hashes);
  const shared = [...set.hashes.keys()].filter((i) => first.has(set.hashes[i]!));
  const original = (i: number) => first.get(set.hashes[i]!)!; // i is shared
  const contrary = shared.filter(
    (i) => labelOf(train.dataset, original(i)) !== labelOf(set.dataset, i),
  ).length;
  const notes: string[] = [];
  if (shared.length > 0) {
    const pairs = shared.map((i) => `${set.dataset.name(i)} = ${train.dataset.name(original(i))}`);
    notes.push(
      `${name}: ${shared.length} of ${set.dataset.length} examples are in the training set too, so that a score on them ` +
        `says nothing${contrary > 0 ? `; ${contrary} with another label there` : ""}: ${listing(pairs)}.`,
    );
  }
  const groups = sharedGroups(train.dataset, set.dataset);
  if (groups.length > 0)
    notes.push(
      `${name}: ${count(groups.length, "group is", "groups are")} in the training set too: ${listing(groups)}.`,
    );
  return notes;
}

/** The first example of each content. */
function firstOf(hashes: Float64Array): ReadonlyMap<number, number> {
  const first = new Map<number, number>();
  for (const [i, hash] of hashes.entries()) if (!Number.isNaN(hash) && !first.has(hash)) first.set(hash, i);
  return first;
}

/** The label as text, to be compared by class name, since sets may number their classes differently. */
function labelOf(dataset: Dataset, i: number): string {
  const { labelling, classes } = dataset;
  if (labelling === "sample") return "";
  const labels = dataset.labels?.(i) ?? [dataset.label(i)];
  return labels.map((label) => classes?.[label] ?? label).join(", ");
}

function sharedGroups(train: Dataset, set: Dataset): string[] {
  const groupsOf = ({ group, length }: Dataset) =>
    new Set(group ? Array.from({ length }, (_, i) => group(i)) : []);
  const known = groupsOf(train);
  return [...groupsOf(set)].filter((group) => known.has(group));
}

function count(n: number, one: string, several: string): string {
  return `${n} ${n === 1 ? one : several}`;
}
