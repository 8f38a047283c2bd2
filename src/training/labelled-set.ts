import type { Config } from "../config/schema.ts";
import { isCorruptionSpec } from "../data/corruptions/corrupt.ts";
import type { Dataset } from "../data/dataset.ts";
import { openDataset } from "../data/open-dataset.ts";
import type { ReaderOptions } from "../data/readers/reader.ts";
import { expandShifts } from "../data/shifts.ts";
import { mapClasses } from "../data/views.ts";
import { ConfigError, unknownName } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import type { DeployedModel } from "./deployed-model.ts";
import { openRunSplits, readingOf } from "./reading.ts";

/** Labelled data to judge a model on: at a path, or a set of the model's run by its name. */
export type LabelledSource =
  | { readonly data: string; readonly set?: never }
  | { readonly set: string; readonly data?: never };

/**
 * Labelled data as its model's run reads it, with its classes in the order of the model's.
 *
 * @param overrides of how the run reads data
 * @returns the data, and the corruption that the run's set is of, such as `corruption:fog:3`
 * @throws ConfigError for a set of what is no run, or that the run does not have
 * @throws DataError as `openDataset` does, or for a class that the model does not have
 */
export async function openLabelled(
  files: Files,
  model: DeployedModel,
  { data, set }: LabelledSource,
  overrides: ReaderOptions & { readonly format?: string } = {},
): Promise<{ readonly dataset: Dataset; readonly corruption?: string }> {
  const { task, settings } = model;
  const labels = task.hasClasses ? model.labels : null;
  const reading = { ...readingOf(task, settings.dataset ?? {}), ...overrides };
  const open = (path: string) => openDataset(files, path, labels ? { ...reading, classes: labels } : reading);
  if (data !== undefined) return { dataset: await open(data) };
  if (!isRun(settings))
    throw new ConfigError(`${model.path}: no run's model, so it has no set "${set}"; give the path of data`);
  const mapped = (dataset: Dataset) => (labels ? mapClasses(dataset, labels) : dataset);
  const { train, validation, test } = await openRunSplits(files, task, settings);
  const own = new Map<string, Dataset>(Object.entries({ train, validation, ...(test ? { test } : {}) }));
  const whole = own.get(set);
  if (whole) return { dataset: mapped(whole) };
  const shifts = expandShifts(settings.shifts, train.kind);
  const shift = shifts[set];
  if (shift === undefined)
    throw new ConfigError(unknownName("the set of the run", set, [...own.keys(), ...Object.keys(shifts)]));
  if (!isCorruptionSpec(shift)) return { dataset: await open(shift) };
  return { dataset: mapped(test ?? validation), corruption: shift };
}

/** A run says all its settings, and where its data lies. */
function isRun(settings: Partial<Config>): settings is Config {
  return settings.data !== undefined;
}
