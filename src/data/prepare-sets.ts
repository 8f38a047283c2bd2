import type { Files } from "../platform/files.ts";
import { isCorruptionSpec } from "./corruptions/corrupt.ts";
import type { Dataset } from "./dataset.ts";
import type { OpenOptions } from "./open-dataset.ts";
import type { Splits } from "./open-splits.ts";
import { type CheckOptions, cached, checkExamples, createSampleCache, prepared } from "./prepared.ts";
import type { Preprocessor } from "./preprocess/preprocessor.ts";
import { openShift } from "./shifts.ts";

export interface PrepareOptions {
  readonly preprocessor: Preprocessor;
  /** Shifted sets by name: paths, or `corruption:NAME:SEVERITY` of the test set (of the validation set without one). */
  readonly shifts: Readonly<Record<string, string>>;
  /** How data of shifted sets is read. */
  readonly open?: OpenOptions;
  readonly seed: number;
  readonly onBroken: CheckOptions["onBroken"];
  /** Memory for examples at the model's size, over all sets. */
  readonly cacheBytes: number;
  /** Told which set is being decoded, and how many of its examples are. */
  readonly onProgress?: (set: string, done: number, total: number) => void;
}

export interface PreparedSets {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset | null;
  readonly shifts: readonly { readonly name: string; readonly dataset: Dataset }[];
  /** The warnings of all sets. */
  readonly warnings: readonly string[];
}

/**
 * All sets of a run at the model's size, ready for loaders: every example was decoded once, broken ones met here and
 * not in the middle of training, and kept while the cache lasts, training examples first.
 *
 * @throws DataError as `checkExamples` and `openShift` do
 */
export async function prepareSets(
  files: Files,
  splits: Pick<Splits, "train" | "validation" | "test">,
  options: PrepareOptions,
): Promise<PreparedSets> {
  const { preprocessor, onBroken, onProgress } = options;
  const cache = createSampleCache(options.cacheBytes);
  const ready = (name: string, dataset: Dataset): Promise<Dataset> =>
    checkExamples(cached(dataset, cache), {
      onBroken,
      ...(onProgress ? { onProgress: (done, total) => onProgress(name, done, total) } : {}),
    });
  const train = await ready("train", prepared(splits.train, preprocessor));
  const validation = await ready("validation", prepared(splits.validation, preprocessor));
  const test = splits.test && (await ready("test", prepared(splits.test, preprocessor)));
  const shifts: { name: string; dataset: Dataset }[] = [];
  for (const [name, shift] of Object.entries(options.shifts)) {
    const dataset = await openShift(files, shift, {
      ...options.open,
      modelClasses: train.classes,
      preprocessor,
      test: test ?? validation,
      seed: options.seed,
    });
    // What was checked cannot break by being corrupted: that work waits until the set is evaluated.
    const derived = isCorruptionSpec(shift);
    shifts.push({ name, dataset: derived ? cached(dataset, cache) : await ready(name, dataset) });
  }
  const sets = [train, validation, ...(test ? [test] : []), ...shifts.map((s) => s.dataset)];
  return { train, validation, test, shifts, warnings: [...new Set(sets.flatMap((set) => set.warnings))] };
}
