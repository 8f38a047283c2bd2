import { permutation } from "../tensor/random.ts";
import { randomFor } from "./seed.ts";

export interface EpochOrderOptions {
  readonly batchSize: number;
  /** A new seeded order in every epoch, or the dataset's own order. */
  readonly shuffle: boolean;
  readonly seed: number;
  readonly epoch: number;
  /** Examples of equal numbers come in batches together; all together if left out. */
  readonly bucketOf?: (index: number) => number;
}

/**
 * The order of an epoch's examples, cut into batches from the front; each example is in it once, and it follows from the
 * options alone.
 *
 * With buckets, examples are shuffled, then gathered by bucket and cut into batches, and the batches are shuffled: a batch
 * mixes at most the end of one bucket with the beginning of the next. The short batch at the end holds any examples.
 * Without shuffling, examples in a bucket keep the dataset's order, and the batches come in the same order in every epoch:
 * a random one as well, so that the first few batches stand for the others.
 */
export function epochOrder(length: number, options: EpochOrderOptions): Uint32Array {
  const { batchSize, shuffle, seed, epoch, bucketOf } = options;
  const order = shuffle
    ? permutation(length, randomFor(seed, "order", epoch))
    : Uint32Array.from({ length }, (_, i) => i);
  if (!bucketOf) return order;
  const batches = Math.floor(length / batchSize);
  const whole = shuffle ? batches * batchSize : length;
  const gathered = Uint32Array.from(order);
  gathered.set(gatheredBy(order.subarray(0, whole), bucketOf));
  const places = permutation(batches, randomFor(seed, "batches", shuffle ? epoch : "every"));
  order.set(gathered.subarray(batches * batchSize), batches * batchSize);
  for (let to = 0; to < batches; to++) {
    const from = places[to]! * batchSize;
    order.set(gathered.subarray(from, from + batchSize), to * batchSize);
  }
  return order;
}

/** The examples bucket by bucket, in the order in which they stood. */
function gatheredBy(order: Uint32Array, bucketOf: (index: number) => number): number[] {
  const buckets = new Map<number, number[]>();
  for (const index of order) {
    const bucket = bucketOf(index);
    const members = buckets.get(bucket);
    if (members) members.push(index);
    else buckets.set(bucket, [index]);
  }
  return [...buckets].sort(([a], [b]) => a - b).flatMap(([, members]) => members);
}
