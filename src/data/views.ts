import { DataError } from "../errors.ts";
import { classCounts, type Dataset, emptyMask, ignoredIn, listing, type PixelClasses } from "./dataset.ts";

/** The examples at `indices`, in that order, as a dataset of the same classes. */
export function subset(dataset: Dataset, indices: ArrayLike<number>, source?: string): Dataset {
  const { labels, group, key, weight, size, cut, stored } = dataset;
  const at = (i: number) => indices[i]!;
  return {
    ...dataset,
    source: source ?? dataset.source,
    length: indices.length,
    label: (i) => dataset.label(at(i)),
    ...(labels ? { labels: (i) => labels(at(i)) } : {}),
    ...(group ? { group: (i) => group(at(i)) } : {}),
    ...(key ? { key: (i) => key(at(i)) } : {}),
    ...(weight ? { weight: (i) => weight(at(i)) } : {}),
    name: (i) => dataset.name(at(i)),
    ...(size ? { size: (i) => size(at(i)) } : {}),
    ...(cut ? { cut: (i) => cut(at(i)) } : {}),
    load: (i) => dataset.load(at(i)),
    ...(stored ? { stored: (i) => stored(at(i)) } : {}),
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
  const mapped = relabelled(dataset, classes, (c) => to[c] ?? c);
  if (dataset.labelling === "sample") return mapped;
  const counts = classCounts(mapped);
  const missing = classes.filter((_, c) => counts[c] === 0);
  if (missing.length === 0) return mapped;
  return withWarnings(mapped, [
    `${dataset.source}: no example of ${missing.length} of ${classes.length} classes: ${listing(missing)}.`,
  ]);
}

/** The dataset with every class index mapped, wherever it stands. What is no index (NO_LABEL) must stay as it is. */
function relabelled(dataset: Dataset, classes: readonly string[], to: (c: number) => number): Dataset {
  const { labels, stored } = dataset;
  const inSample = dataset.labelling === "sample";
  const order = JSON.stringify([classes, dataset.classes]);
  return {
    ...dataset,
    classes,
    label: (i) => to(dataset.label(i)),
    ...(labels
      ? {
          labels: (i) =>
            labels(i)
              .map(to)
              .sort((a, b) => a - b),
        }
      : {}),
    async load(i) {
      const sample = await dataset.load(i);
      if (!inSample) return sample;
      if (sample.kind === "image" && sample.mask)
        return { ...sample, mask: remapped(sample.mask, classes.length, to) };
      if (sample.kind !== "text" || sample.tags === undefined) return sample;
      return { ...sample, tags: sample.tags.map(to) };
    },
    ...(stored ? { stored: async (i) => (inSample ? [...(await stored(i)), order] : stored(i)) } : {}),
  };
}

/** A mask for so many classes, each index mapped; pixels that do not count stay so. */
function remapped(mask: PixelClasses, classes: number, to: (c: number) => number): PixelClasses {
  const out = emptyMask(mask.length, classes);
  for (const [i, c] of mask.entries()) if (c !== ignoredIn(mask)) out[i] = to(c);
  return out;
}
