import { classCounts, type Dataset, ignoredIn, type Sample } from "./dataset.ts";

/** Samples loaded at the same time while targets are counted. */
const CONCURRENCY = 8;

/**
 * How often each class is a target, by class index: the class of an example, or of its pixels or words, for which all
 * samples are loaded once and none is kept. Pixels and words that do not count are left out.
 *
 * @param dataset prepared as the model takes it, so that what is counted is what the loss sees
 * @returns empty where there are no classes, and where neither examples nor what is in them has one
 */
export async function targetCounts(dataset: Dataset): Promise<readonly number[]> {
  const { classes, labelling, length } = dataset;
  if (labelling !== "sample" || classes === null) return classCounts(dataset);
  const counts = new Array<number>(classes.length).fill(0);
  let next = 0;
  let hasTargets = false;
  const worker = async (): Promise<void> => {
    while (next < length) {
      const targets = targetsIn(await dataset.load(next++));
      if (targets === null) continue;
      hasTargets = true;
      for (const c of targets.classes) if (c >= 0 && c !== targets.ignored) counts[c]!++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return hasTargets ? counts : [];
}

/** The classes that stand in a sample, and the one that does not count. */
function targetsIn(sample: Sample): { readonly classes: Iterable<number>; readonly ignored: number } | null {
  if (sample.kind === "image" && sample.mask)
    return { classes: sample.mask, ignored: ignoredIn(sample.mask) };
  return sample.kind === "tokens" && sample.targets ? { classes: sample.targets, ignored: -1 } : null;
}
