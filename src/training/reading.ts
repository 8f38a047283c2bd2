import type { Config } from "../config/schema.ts";
import type { OpenOptions } from "../data/open-dataset.ts";
import { openSplits, type Splits } from "../data/open-splits.ts";
import type { Files } from "../platform/files.ts";
import type { Task } from "../tasks/task.ts";
import { withoutUndefined } from "./plain.ts";

/** How data is read for a task, as the settings `dataset` say it. */
export function readingOf(task: Task, dataset: Partial<Config["dataset"]>): OpenOptions {
  const { validationFraction, onBroken, cacheMegabytes, cacheFolder, labelPieces, ...reading } = dataset;
  return withoutUndefined({ labelling: task.labelling, ...reading });
}

/** The sets of a run, but for the shifted ones. @throws DataError, ConfigError as `openSplits` does */
export function openRunSplits(
  files: Files,
  task: Task,
  config: Pick<Config, "data" | "validation" | "test" | "seed" | "dataset">,
): Promise<Splits> {
  const { data, validation, test, seed, dataset } = config;
  return openSplits(files, data, {
    ...readingOf(task, dataset),
    validationFraction: dataset.validationFraction,
    seed,
    ...withoutUndefined({ validation, test }),
  });
}
