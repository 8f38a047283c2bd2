/** Lengths of sequences are rounded up to a multiple of this: kernels of matrix products like no odd ends. */
const MULTIPLE = 8;
/** Lengths that are chosen at most where nobody says how many. */
const MOST = 5;
/** Another length must spare this share of the tokens, or its session is not worth its memory. */
const WORTH = 0.05;

export interface BucketOptions {
  /** No length is longer. */
  readonly limit: number;
  /** How many lengths; as many as are worth it, up to 5, if left out. */
  readonly count?: number;
  /** Examples that each length must have, where `count` is left out: fewer fill no batch. Default 1. */
  readonly least?: number;
}

/**
 * The lengths that sequences are filled up to so that the fewest tokens are filled in, ascending; the last one holds the
 * longest sequence. Each is a multiple of 8, or the limit.
 *
 * With n_L sequences that round up to length L, lengths b_1 < … < b_k take Σ_L n_L · min{b_i : b_i ≥ L} tokens. The
 * minimum for each k is found by dynamic programming over the lengths that occur.
 */
export function chooseBuckets(sizes: ArrayLike<number>, options: BucketOptions): number[] {
  const { limit, count, least = 1 } = options;
  const rounded = new Map<number, number>();
  for (let i = 0; i < sizes.length; i++) {
    const length = roundedUp(sizes[i]!, limit);
    rounded.set(length, (rounded.get(length) ?? 0) + 1);
  }
  const lengths = [...rounded.keys()].sort((a, b) => a - b);
  const counts = lengths.map((length) => rounded.get(length)!); // its own keys
  const most = Math.min(count ?? MOST, lengths.length);
  let chosen = lengths.slice(-1);
  let tokens = sizes.length * (chosen[0] ?? 0);
  const worth = count === undefined ? WORTH : 0;
  const enough = count === undefined ? least : 1;
  for (const partition of partitions(lengths, counts, { most, least: enough })) {
    if (partition.tokens > tokens * (1 - worth)) break;
    chosen = partition.lengths;
    tokens = partition.tokens;
  }
  return chosen;
}

/** The number of tokens that a sequence of `size` is filled up to where it has no neighbours. */
export function roundedUp(size: number, limit: number): number {
  return Math.min(limit, Math.max(1, Math.ceil(size / MULTIPLE)) * MULTIPLE);
}

/** Tokens that all sequences take when each is filled up to the smallest of `lengths` that holds it. */
export function filledTokens(sizes: ArrayLike<number>, lengths: readonly number[]): number {
  let total = 0;
  for (let i = 0; i < sizes.length; i++) total += lengths[bucketIndex(sizes[i]!, lengths)]!;
  return total;
}

/** Which of some ascending lengths a sequence is filled up to; the last one if none holds it. */
export function bucketIndex(size: number, lengths: readonly number[]): number {
  const found = lengths.findIndex((length) => length >= size);
  return found < 0 ? lengths.length - 1 : found;
}

/** The best 2, 3, … `most` lengths in turn. */
function* partitions(
  lengths: readonly number[],
  counts: readonly number[],
  { most, least }: { readonly most: number; readonly least: number },
): Generator<{ lengths: number[]; tokens: number }> {
  const m = lengths.length;
  const before = [0];
  for (const n of counts) before.push(before.at(-1)! + n);
  // Tokens of lengths `from` … `to`, all filled up to the last of them; too few sequences are no bucket.
  const cost = (from: number, to: number) => {
    const n = before[to + 1]! - before[from]!;
    return n < least ? Number.POSITIVE_INFINITY : n * lengths[to]!;
  };
  /** Fewest tokens of lengths 0 … j in the present number of buckets, and where the last of them begins. */
  let best = lengths.map((_, j) => cost(0, j));
  const starts: number[][] = [lengths.map(() => 0)];
  for (let k = 2; k <= most; k++) {
    const next = new Array<number>(m).fill(Number.POSITIVE_INFINITY);
    const start = new Array<number>(m).fill(0);
    for (let j = k - 1; j < m; j++) {
      for (let from = k - 1; from <= j; from++) {
        const tokens = best[from - 1]! + cost(from, j);
        if (tokens < next[j]!) [next[j], start[j]] = [tokens, from];
      }
    }
    best = next;
    starts.push(start);
    if (best[m - 1] === Number.POSITIVE_INFINITY) return;
    const chosen: number[] = [];
    for (let j = m - 1, of = k - 1; of >= 0; of--) {
      chosen.unshift(lengths[j]!);
      j = starts[of]![j]! - 1;
    }
    yield { lengths: chosen, tokens: best[m - 1]! };
  }
}
