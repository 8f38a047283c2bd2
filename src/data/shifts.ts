import type { Files } from "../platform/files.ts";
import { corrupted, isCorruptionSpec, parseCorruptionSpec } from "./corruptions/corrupt.ts";
import type { Dataset } from "./dataset.ts";
import { type OpenOptions, openDataset } from "./open-dataset.ts";
import { prepared } from "./prepared.ts";
import type { Preprocessor } from "./preprocess/preprocessor.ts";

export interface ShiftOptions extends OpenOptions {
  /** The model's classes, which a shifted set is mapped onto by name; null where it has none. */
  readonly modelClasses: readonly string[] | null;
  readonly preprocessor: Preprocessor;
  /** The prepared in-distribution set that corruptions are made of. */
  readonly test: Dataset;
  /** Seeds the corruptions. */
  readonly seed: number;
}

/**
 * A set that the model is judged on and never trained on, at the model's size: a corruption of the test set
 * (`corruption:fog:3`), or data of its own at a path.
 *
 * @throws DataError as `openDataset` does, for a class that the model does not have, or for a corruption of numbers
 * @throws ConfigError for an unknown corruption
 */
export async function openShift(files: Files, shift: string, options: ShiftOptions): Promise<Dataset> {
  if (isCorruptionSpec(shift)) return corrupted(options.test, parseCorruptionSpec(shift), options.seed);
  const { modelClasses } = options;
  const dataset = await openDataset(
    files,
    shift,
    modelClasses ? { ...options, classes: modelClasses } : options,
  );
  return prepared(dataset, options.preprocessor);
}
