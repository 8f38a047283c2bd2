/**
 * Poisson bootstrap: in each replicate an example counts k times, k drawn from Poisson(1), instead of as often as it is
 * among n draws with replacement. So replicates can be summed up while the examples pass by, and no count of them is
 * needed beforehand. Hanley and MacGibbon, Computer Methods and Programs in Biomedicine 2006.
 *
 * How often an example counts is a hash of its position and the replicate's number: two models, or two corruptions, that are
 * judged on one set are resampled alike, and their replicates can be subtracted pair by pair.
 */

/** Replicates at most: the ends of an interval then vary by about 0.15 standard errors. */
export const REPLICATES = 400;

/** How often an example counts in each of the first `counts.length` replicates. */
export function drawCounts(example: number, counts: Uint8Array | Float64Array): void {
  const seed = mixed(example);
  for (let r = 0; r < counts.length; r += 2) {
    const word = mixed(seed + r);
    counts[r] = POISSON[word >>> 16]!;
    // Beyond an odd end a typed array drops what is written.
    counts[r + 1] = POISSON[word & 0xffff]!;
  }
}

/** How often an example counts in one replicate. */
export function drawCount(example: number, replicate: number): number {
  const word = mixed(mixed(example) + (replicate & ~1));
  return POISSON[(replicate & 1) === 0 ? word >>> 16 : word & 0xffff]!;
}

/** The counts that 16 uniform bits stand for: the quantiles of Poisson(1). */
const POISSON: Uint8Array = (() => {
  const table = new Uint8Array(2 ** 16);
  let count = 0;
  let probability = Math.exp(-1);
  let cumulative = probability;
  for (let i = 0; i < table.length; i++) {
    while ((i + 0.5) / table.length > cumulative) {
      probability /= ++count;
      cumulative += probability;
    }
    table[i] = count;
  }
  return table;
})();

/** 32 well mixed bits of an integer; the output function of SplitMix32. */
function mixed(value: number): number {
  let z = Math.imul(value + 1, 0x9e3779b9);
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}
