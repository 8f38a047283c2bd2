import { ConfigError, DataError } from "../errors.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import { type Augmentation, noAugmentation } from "./augment/augmentation.ts";
import { createAugmentedLoad } from "./augment/augmented-load.ts";
import type { Dataset } from "./dataset.ts";
import { epochOrder } from "./epoch-order.ts";
import type { BatchBuffer } from "./preprocess/batch-buffer.ts";
import type { Preprocessor } from "./preprocess/preprocessor.ts";
import { randomFor } from "./seed.ts";

/** The class index that a loss leaves out: what the missing rows of a short batch are labelled with. */
const IGNORE_INDEX = -100;

/** Where a loader stands: `batch` batches of `epoch` are done. Both count from 0. */
export interface Cursor {
  readonly epoch: number;
  readonly batch: number;
}

export interface Batch {
  /** The batch that this is. */
  readonly cursor: Cursor;
  /** Where to go on after it, in the next epoch behind the last batch: what a checkpoint keeps. */
  readonly next: Cursor;
  /**
   * The model's inputs by name, [B, …]. The memory is used again: it is valid until the next batch is asked for.
   * Rows from `count` on are empty.
   */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /**
   * What the loss takes: class indices, int64 [B], `IGNORE_INDEX` from row `count` on; a 1 for each of several classes
   * [B, C], or numbers [B, K], both float32 and NaN from there on; or what the samples hold themselves, [B, …].
   */
  readonly targets: Tensor;
  /** How much each row counts in the loss, float32 [B]; absent where the dataset weighs all alike. */
  readonly weights?: Tensor<"float32">;
  /** Positions in the dataset of the first `count` rows. */
  readonly indices: readonly number[];
  /** Real examples; less than B only in the last batch of an epoch. */
  readonly count: number;
}

export interface LoaderOptions {
  readonly preprocessor: Preprocessor;
  /** Name of the model's input, where it has only one. */
  readonly input: string;
  readonly batchSize: number;
  /** A new seeded order in every epoch, and what a preprocessor draws drawn anew; or the dataset's own order. */
  readonly shuffle: boolean;
  readonly seed: number;
  /**
   * A number for each example: those of equal numbers come in batches together, as far as they fill them, and batches in
   * random order. So texts of like lengths are filled up to few tokens. All together if left out.
   */
  readonly bucketOf?: (index: number) => number;
  /** Default none. */
  readonly augmentation?: Augmentation;
  /** Examples loaded at the same time, over all batches ahead. Default 8. */
  readonly concurrency?: number;
  /** Batches made ready before they are asked for. Default 2. */
  readonly ahead?: number;
}

export interface Loader {
  readonly dataset: Dataset;
  readonly batchesPerEpoch: number;
  /** The batches of one epoch, from batch `from` on. Leaving the loop early is safe. */
  epoch(epoch: number, from?: number): AsyncGenerator<Batch, void, void>;
  /** All batches from a cursor on, epoch after epoch, without end. */
  from(cursor: Cursor): AsyncGenerator<Batch, void, void>;
}

/**
 * Batches of fixed size from a prepared dataset, loaded in parallel ahead of their use. What a batch holds follows from
 * the options and its cursor alone: a run that resumes at a cursor sees what the unbroken run saw, bit for bit.
 *
 * @throws ConfigError if a count is not a positive whole number
 * @throws DataError if the dataset is empty
 */
export function createLoader(dataset: Dataset, options: LoaderOptions): Loader {
  const { preprocessor, input, batchSize, shuffle, seed, concurrency = 8, ahead = 2 } = options;
  const { augmentation = noAugmentation } = options;
  const load = createAugmentedLoad(dataset, { augmentation, preprocessor, seed });
  for (const [name, value] of Object.entries({ batchSize, concurrency, ahead })) {
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`${name} is ${value}, expected 1 or more`);
  }
  if (dataset.length === 0) throw new DataError(`${dataset.source}: no example to load`);
  const batchesPerEpoch = Math.ceil(dataset.length / batchSize);

  const { bucketOf } = options;
  const orderOf = (epoch: number): ArrayLike<number> =>
    epochOrder(dataset.length, { batchSize, shuffle, seed, epoch, ...(bucketOf ? { bucketOf } : {}) });

  const after = ({ epoch, batch }: Cursor): Cursor =>
    batch + 1 === batchesPerEpoch ? { epoch: epoch + 1, batch: 0 } : { epoch, batch: batch + 1 };

  const makeBatch = async (
    cursor: Cursor,
    order: ArrayLike<number>,
    buffer: BatchBuffer,
    limit: <T>(body: () => Promise<T>) => Promise<T>,
  ): Promise<Batch> => {
    const start = cursor.batch * batchSize;
    const count = Math.min(batchSize, dataset.length - start);
    const indices = Array.from({ length: count }, (_, r) => order[start + r]!);
    const labelled = indices.slice();
    await Promise.all(
      indices.map((index, row) =>
        limit(async () => {
          const { sample, labelOf } = await load(cursor.epoch, index);
          const random = () => randomFor(seed, "draw", cursor.epoch, index);
          buffer.write(shuffle && preprocessor.draw ? preprocessor.draw(sample, random()) : sample, row);
          labelled[row] = labelOf;
        }),
      ),
    );
    return {
      cursor,
      next: after(cursor),
      inputs: buffer.inputs(count),
      targets: targetsOf(dataset, labelled, batchSize, buffer),
      ...weightsOf(dataset, indices, batchSize),
      indices,
      count,
    };
  };

  const walk = async function* (start: Cursor, end: number): AsyncGenerator<Batch, void, void> {
    if (!(start.batch >= 0 && start.batch < batchesPerEpoch && start.epoch >= 0)) {
      throw new ConfigError(
        `cannot go on at epoch ${start.epoch}, batch ${start.batch}: an epoch of ${dataset.source} has ` +
          `${batchesPerEpoch} batches of ${batchSize}`,
      );
    }
    const limit = limiter(concurrency);
    // One buffer for each batch ahead and one for the batch in use.
    const buffers: BatchBuffer[] = [];
    const pending: Promise<Batch>[] = [];
    let cursor = start;
    let order = orderOf(cursor.epoch);
    let made = 0;
    const fill = (): void => {
      while (pending.length < ahead && cursor.epoch < end) {
        const slot = made++ % (ahead + 1);
        let buffer = buffers[slot];
        if (!buffer?.isUsable) {
          buffer = preprocessor.buffer(input, batchSize);
          buffers[slot] = buffer;
        }
        const batch = makeBatch(cursor, order, buffer, limit);
        // It is awaited later, maybe never; until then a failure is not unhandled.
        batch.catch(() => undefined);
        pending.push(batch);
        const { epoch } = cursor;
        cursor = after(cursor);
        if (cursor.epoch !== epoch) order = orderOf(cursor.epoch);
      }
    };
    for (fill(); ; ) {
      const batch = await pending.shift();
      if (batch === undefined) return;
      fill();
      yield batch;
    }
  };

  return {
    dataset,
    batchesPerEpoch,
    epoch: (epoch, from = 0) => walk({ epoch, batch: from }, epoch + 1),
    from: (cursor) => walk(cursor, Number.POSITIVE_INFINITY),
  };
}

/**
 * The targets of a batch: those that its samples brought into the buffer, or the examples' labels. Rows that are missing
 * count for nothing in any loss.
 */
export function targetsOf(
  dataset: Dataset,
  indices: readonly number[],
  batchSize: number,
  buffer: BatchBuffer,
): Tensor {
  if (buffer.targets) return buffer.targets(indices.length);
  const { labelling, classes } = dataset;
  const labels = (i: number) => dataset.labels?.(i) ?? [dataset.label(i)];
  if (labelling === "classes" || labelling === "numbers") {
    const width = labelling === "classes" ? (classes?.length ?? 0) : labels(0).length;
    const targets = zeros("float32", [batchSize, width]);
    targets.data.fill(Number.NaN, indices.length * width);
    indices.forEach((index, row) => {
      if (labelling === "numbers") targets.data.set(labels(index), row * width);
      else for (const c of labels(index)) targets.data[row * width + c] = 1;
    });
    return targets;
  }
  const targets = zeros("int64", [batchSize]);
  targets.data.fill(BigInt(IGNORE_INDEX));
  if (labelling === "sample") return targets; // examples without a label, to be asked about
  indices.forEach((index, row) => {
    targets.data[row] = BigInt(dataset.label(index));
  });
  return targets;
}

function weightsOf(
  { weight }: Dataset,
  indices: readonly number[],
  batchSize: number,
): { weights?: Tensor<"float32"> } {
  if (!weight) return {};
  const weights = zeros("float32", [batchSize]);
  indices.forEach((index, row) => {
    weights.data[row] = weight(index);
  });
  return { weights };
}

// Lets `slots` bodies run at the same time, in the order in which they came.
function limiter(slots: number): <T>(body: () => Promise<T>) => Promise<T> {
  let free = slots;
  const waiting: (() => void)[] = [];
  return async (body) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await body();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
