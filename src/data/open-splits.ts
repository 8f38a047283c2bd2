import { DataError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { classCounts, type Dataset } from "./dataset.ts";
import { findParts } from "./find-parts.ts";
import { type OpenOptions, openDataset } from "./open-dataset.ts";
import { stratifiedSplit } from "./split.ts";

export interface SplitsOptions extends OpenOptions {
  /** Path of a validation set, instead of one found beside the training set or held out of it. */
  readonly validation?: string;
  /** Path of a test set, instead of one found. */
  readonly test?: string;
  /** Share of the training set that is held out where there is no validation set. Default 0.1. */
  readonly validationFraction?: number;
  /** Seeds the held-out choice. Default 0. */
  readonly seed?: number;
}

export interface Splits {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset | null;
  /** How the parts came about, one sentence each, for the console and the run folder. */
  readonly notes: readonly string[];
}

/**
 * Training, validation and test data from one path: a folder with parts as `findParts` knows them, or one dataset.
 * Without a validation set a part of the training set is held out by a seeded hash, see `stratifiedSplit`; a test set is never made up.
 * Validation and test sets are mapped onto the training classes by name.
 *
 * @throws DataError as `openDataset` does; also if two things claim to be one part, or training has fewer than two classes
 */
export async function openSplits(files: Files, path: string, options: SplitsOptions = {}): Promise<Splits> {
  const found = await findParts(files, path);
  const open = (at: string, classes?: readonly string[] | null): Promise<Dataset> =>
    openDataset(files, at, classes ? { ...options, classes } : options);

  const notes: string[] = [];
  let train = await open(found.train ?? path);
  requireClasses(train);
  const validationPath = options.validation ?? found.validation;
  let validation: Dataset;
  if (validationPath === undefined) {
    const fraction = options.validationFraction ?? 0.1;
    const seed = options.seed ?? 0;
    [train, validation] = stratifiedSplit(train, { fraction, seed });
    notes.push(
      `No validation set: ${validation.length} of ${train.length + validation.length} training examples are held out ` +
        `(${shareOf(train, fraction)}, seed ${seed}).`,
    );
  } else validation = await open(validationPath, train.classes);
  const testPath = options.test ?? found.test;
  const test = testPath === undefined ? null : await open(testPath, train.classes);
  for (const [name, at] of Object.entries({
    train: found.train,
    validation: validationPath,
    test: testPath,
  })) {
    if (at !== undefined) notes.push(`${name}: ${at}`);
  }
  return { train, validation, test, notes };
}

function shareOf({ group, labelling }: Dataset, fraction: number): string {
  const classes = labelling === "class" || labelling === "classes";
  return `${fraction}${classes ? " of each class" : ""}${group ? ", whole groups" : ""}`;
}

function requireClasses(train: Dataset): void {
  if (train.labelling !== "class") return;
  const present = classCounts(train).flatMap((n, c) => (n > 0 ? [train.classes![c]!] : []));
  if (present.length > 1) return;
  throw new DataError(
    `${train.source}: all ${train.length} examples are of one class, "${present[0]}"; ` +
      "a classifier needs at least two. Expected one folder or label per class.",
  );
}
