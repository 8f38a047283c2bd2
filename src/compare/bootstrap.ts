import { drawnInterval, type Estimate, percentile } from "../evaluation/intervals.ts";
import type { Random } from "../tensor/random.ts";

/** Two methods on one set, example by example and seed by seed. */
export interface PairedSet {
  /** Sets of one group are the same examples in several guises, and are drawn together. */
  readonly group: string;
  /** By seed, per example: hit of the first method minus hit of the second, −1, 0 or 1. */
  readonly differences: readonly Int8Array[];
}

const REPLICATES = 2000;

/**
 * The mean difference of two methods over sets, seeds and examples, with the 95 % percentile interval of a bootstrap
 * over both seeds and examples.
 *
 * Each replicate draws seeds, and for each group of sets examples, with replacement; a seed's examples are the same in
 * all seeds, so one draw of examples serves all of them. Of S seeds S − 1 are drawn: the variance of a mean of few
 * seeds would else come out too small by (S − 1) / S (Rao and Wu, JASA 1988, 83: 231–241). With a single seed only
 * examples are drawn.
 *
 * @param sets at least one, all with the same seeds; sets of one group have equally many examples
 */
export function bootstrapDifference(
  sets: readonly PairedSet[],
  random: Random,
  replicates: number = REPLICATES,
): Estimate {
  const seeds = sets[0]?.differences.length ?? 0;
  const drawn = Math.max(1, seeds - 1);
  const means = new Float64Array(replicates);
  const groups = [...new Set(sets.map((s) => s.group))].map((group) => sets.filter((s) => s.group === group));
  for (let r = 0; r < replicates; r++) {
    const chosen = Array.from({ length: drawn }, () => random.integer(seeds));
    let sum = 0;
    for (const members of groups) sum += resampled(members, chosen, random);
    means[r] = sum / sets.length;
  }
  means.sort();
  return { value: meanOf(sets), low: percentile(means, 0.025), high: percentile(means, 0.975) };
}

/** The difference of two methods on one set, of one seed: as it is, and in bootstrap replicates of the set's examples. */
export interface ReplicatedDifference {
  readonly value: number;
  readonly draws: Float64Array;
}

/**
 * The same of metrics that are no mean over examples, from replicates that were drawn when the runs were judged: replicate
 * r is of the same examples in every seed and every set of equal size. Undefined where nothing varies.
 *
 * @param sets at least one; of each, the differences by seed, all with the same seeds
 */
export function replicatedDifference(
  sets: readonly (readonly ReplicatedDifference[])[],
  random: Random,
): Estimate | undefined {
  const all = sets.flat();
  const seeds = sets[0]?.length ?? 0;
  const drawn = Math.max(1, seeds - 1);
  const value = all.reduce((sum, d) => sum + d.value, 0) / all.length;
  const replicates = Math.min(...all.map((d) => d.draws.length));
  const means = Float64Array.from({ length: replicates }, (_, r) => {
    const chosen = Array.from({ length: drawn }, () => random.integer(seeds));
    const sum = sets.reduce(
      (total, set) => total + chosen.reduce((part, seed) => part + set[seed]!.draws[r]!, 0),
      0,
    );
    return sum / (sets.length * drawn);
  });
  return drawnInterval(value, means);
}

/** Sum over a group's sets of the mean difference in one draw of examples and the chosen seeds. */
function resampled(members: readonly PairedSet[], chosen: readonly number[], random: Random): number {
  const rows = members.flatMap((set) => chosen.map((seed) => set.differences[seed]!));
  const count = rows[0]!.length;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const example = random.integer(count);
    for (const row of rows) sum += row[example]!;
  }
  return sum / (count * chosen.length);
}

function meanOf(sets: readonly PairedSet[]): number {
  const means = sets.flatMap(({ differences }) =>
    differences.map((row) => row.reduce((sum, d) => sum + d, 0) / row.length),
  );
  return means.reduce((a, b) => a + b, 0) / means.length;
}
