import { DataError } from "../errors.ts";
import { classCounts, type Dataset, listing } from "./dataset.ts";

/** The examples at `indices`, in that order, as a dataset of the same classes. */
export function subset(dataset: Dataset, indices: ArrayLike<number>, source?: string): Dataset {
  return {
    ...dataset,
    source: source ?? dataset.source,
    length: indices.length,
    label: (i) => dataset.label(indices[i]!),
    name: (i) => dataset.name(indices[i]!),
    load: (i) => dataset.load(indices[i]!),
  };
}

/** At most `count` examples, spread evenly over the dataset from its first one on. */
export function evenly(dataset: Dataset, count: number): Dataset {
  if (dataset.length <= count) return dataset;
  const indices = Array.from({ length: count }, (_, i) => Math.floor((i * dataset.length) / count));
  return subset(dataset, indices);
}

/** The same dataset with further warnings. */
export function withWarnings(dataset: Dataset, warnings: readonly string[]): Dataset {
  return warnings.length === 0 ? dataset : { ...dataset, warnings: [...dataset.warnings, ...warnings] };
}

/**
 * A dataset whose labels are indices into `classes`, matched by name: what a test or shifted set needs to be judged by
 * a model of these classes. Classes without an example here become one warning: metrics over classes leave them out.
 *
 * @throws DataError if it has a class that `classes` lacks (all are listed), or is not of classes at all
 */
export function mapClasses(dataset: Dataset, classes: readonly string[]): Dataset {
  if (dataset.classes === null) {
    throw new DataError(`${dataset.source}: labels are numbers, expected the classes ${listing(classes)}`);
  }
  const indexOf = new Map(classes.map((name, i) => [name, i]));
  const unknown = dataset.classes.filter((name) => !indexOf.has(name));
  if (unknown.length > 0) {
    throw new DataError(
      `${dataset.source}: ${unknown.length} unknown classes: ${listing(unknown)}. The model's classes are ` +
        `${listing(classes)}. Rename or remove them, or train on data that has them.`,
      { details: { source: dataset.source, unknown, classes } },
    );
  }
  const to = dataset.classes.map((name) => indexOf.get(name)!);
  const mapped: Dataset = { ...dataset, classes, label: (i) => to[dataset.label(i)]! };
  const counts = classCounts(mapped);
  const missing = classes.filter((_, c) => counts[c] === 0);
  if (missing.length === 0) return mapped;
  return withWarnings(mapped, [
    `${dataset.source}: no example of ${missing.length} of ${classes.length} classes: ${listing(missing)}.`,
  ]);
}
