import type { Dataset, Sample } from "../data/dataset.ts";
import { DataError, messageOf } from "../errors.ts";

/**
 * A dataset where the next example that can be read stands in for each one that cannot, so that batches are whole.
 *
 * @returns with the dataset, why examples cannot be read, of those that were loaded
 * @throws DataError from `load` if no example can be read
 */
export function withStandIns(dataset: Dataset): {
  readonly dataset: Dataset;
  readonly broken: ReadonlyMap<number, string>;
} {
  const broken = new Map<number, string>();
  const load = async (i: number): Promise<Sample> => {
    try {
      return await dataset.load(i);
    } catch (error) {
      // A missing package or a bug concerns all examples and must not read as bad data.
      if (!(error instanceof DataError)) throw error;
      broken.set(i, messageOf(error));
      for (let step = 1; step < dataset.length; step++) {
        const other = await readOrNull(dataset, (i + step) % dataset.length);
        if (other) return other;
      }
      throw error;
    }
  };
  return { dataset: { ...dataset, load }, broken };
}

async function readOrNull(dataset: Dataset, i: number): Promise<Sample | null> {
  try {
    return await dataset.load(i);
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}
