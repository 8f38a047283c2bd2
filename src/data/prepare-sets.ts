import type { Files } from "../platform/files.ts";
import { corrupted, isCorruptionSpec, parseCorruptionSpec } from "./corruptions/corrupt.ts";
import type { Dataset } from "./dataset.ts";
import { type Fingerprints, fingerprinted, sharedWithTraining, trainingDuplicates } from "./duplicates.ts";
import { type OpenOptions, openDataset } from "./open-dataset.ts";
import type { Splits } from "./open-splits.ts";
import {
  type CheckOptions,
  cached,
  checkExamples,
  createSampleCache,
  measured,
  prepared,
  type SampleCache,
  shelved,
} from "./prepared.ts";
import type { Preprocessor } from "./preprocess/preprocessor.ts";
import { openShelf } from "./shelf/shelf.ts";
import { expandShifts } from "./shifts.ts";

export interface PrepareOptions {
  readonly preprocessor: Preprocessor;
  /** Shifted sets by name: paths, or corruptions (`expandShifts`) of the test set (of the validation set without one). */
  readonly shifts: Readonly<Record<string, string>>;
  /** How data of shifted sets is read. */
  readonly open?: OpenOptions;
  readonly seed: number;
  readonly onBroken: CheckOptions["onBroken"];
  /** Memory for examples at the model's size, over all sets. */
  readonly cacheBytes: number;
  /** Where prepared examples are kept on the disk, and all that decides how they are prepared; nowhere if left out. */
  readonly shelf?: { readonly folder: string; readonly identity: string };
  /** Told which set is being decoded, and how many of its examples are. */
  readonly onProgress?: (set: string, done: number, total: number) => void;
}

export interface PreparedSets {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset | null;
  /** In the order of the settings, every shorthand written out. */
  readonly shifts: readonly { readonly name: string; readonly shift: string; readonly dataset: Dataset }[];
  /** The warnings of all sets, and what they have in common with the training set. */
  readonly warnings: readonly string[];
}

/**
 * All sets of a run at the model's size, ready for loaders: every example was decoded once, broken ones met here and
 * not in the middle of training, and kept while the cache lasts, training examples first.
 *
 * @throws DataError as `checkExamples` and `openDataset` do, for a class that the model does not have, or for a corruption
 *   of what is no image
 * @throws ConfigError for an unknown corruption
 */
export async function prepareSets(
  files: Files,
  splits: Pick<Splits, "train" | "validation" | "test">,
  options: PrepareOptions,
): Promise<PreparedSets> {
  const { preprocessor, onBroken, onProgress } = options;
  const cache = createSampleCache(options.cacheBytes);
  const shelf = options.shelf && (await openShelf(files, options.shelf.folder, options.shelf.identity));
  const notes: string[] = [];
  let trained: Fingerprints | null = null;
  const progressOf = (name: string) =>
    onProgress ? { onProgress: (done: number, total: number) => onProgress(name, done, total) } : {};
  const ready = async (name: string, dataset: Dataset): Promise<Dataset> => {
    const read = fingerprinted(dataset);
    const source = shelf ? shelved(read, preprocessor, shelf) : prepared(read.dataset, preprocessor);
    const checked = await checkExamples(cached(source, cache), { onBroken, ...progressOf(name) }).finally(
      () => shelf?.flush(),
    );
    notes.push(...(trained ? sharedWithTraining(name, trained, read) : trainingDuplicates(read)));
    trained ??= read;
    return checked;
  };
  // What was checked cannot break by being corrupted: that work waits until the set is evaluated, unless the sizes of its
  // examples must be known before.
  const derived = async (name: string, dataset: Dataset): Promise<Dataset> =>
    dataset.kind === "text"
      ? checkExamples(cached(measured(dataset), cache), { onBroken, ...progressOf(name) })
      : cached(dataset, cache);
  const train = await ready("train", splits.train);
  if (!shelf) notes.push(...tooLarge(train, cache));
  const validation = await ready("validation", splits.validation);
  const test = splits.test && (await ready("test", splits.test));
  const written = expandShifts(options.shifts, splits.train.kind);
  const shifts: { name: string; shift: string; dataset: Dataset }[] = [];
  for (const [name, shift] of Object.entries(written)) {
    const dataset = isCorruptionSpec(shift)
      ? await derived(name, corrupted(test ?? validation, parseCorruptionSpec(shift), options))
      : await ready(name, await openDataset(files, shift, { ...options.open, ...classesOf(train) }));
    shifts.push({ name, shift, dataset });
  }
  const sets = [train, validation, ...(test ? [test] : []), ...shifts.map((s) => s.dataset)];
  const warnings = [...new Set(sets.flatMap((set) => set.warnings)), ...notes, ...(shelf?.notes() ?? [])];
  return { train, validation, test, shifts, warnings };
}

/** What costs time in every epoch, where nobody has chosen it. */
function tooLarge({ kind, length }: Dataset, { budgetBytes, refused }: SampleCache): string[] {
  if (refused === 0 || budgetBytes === 0 || kind === "array") return [];
  return [
    `${refused} of ${length} training examples do not fit into the memory for them (dataset.cacheMegabytes ${budgetBytes / 2 ** 20}) and ` +
      "are read and prepared anew in every epoch; dataset.cacheFolder would keep them on the disk.",
  ];
}

/** A shifted set is mapped by name onto the classes that the model is trained on. */
function classesOf({ classes }: Dataset): OpenOptions {
  return classes === null ? {} : { classes };
}
