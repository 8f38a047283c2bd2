import { DataError, messageOf } from "../errors.ts";
import { type Dataset, listing, type Sample, wordsOf } from "./dataset.ts";
import type { Fingerprints } from "./duplicates.ts";
import type { Preprocessor } from "./preprocess/preprocessor.ts";
import { bytesOfSample } from "./shelf/sample-bytes.ts";
import type { Shelf } from "./shelf/shelf.ts";
import { subset, withWarnings } from "./views.ts";

/** Stands for the size of an example that has not been loaded yet. */
const UNKNOWN = -1;

/** A budget of memory for samples, shared by the datasets that are cached in it. */
export interface SampleCache {
  readonly budgetBytes: number;
  usedBytes: number;
  /** How many times a sample was loaded that did not fit. */
  refused: number;
}

/** @param budgetBytes most bytes of pixels and numbers that are kept; 0 keeps none */
export function createSampleCache(budgetBytes: number): SampleCache {
  return { budgetBytes, usedBytes: 0, refused: 0 };
}

/**
 * A dataset at the model's size: each example is decoded, resized and cropped when it is loaded; of texts it tells how
 * many tokens they have, once they were loaded. A `DataError` on the way names the example.
 */
export function prepared(dataset: Dataset, preprocessor: Preprocessor): Dataset {
  return measuredIfTokens(unmeasured(dataset, preprocessor), preprocessor);
}

function unmeasured(dataset: Dataset, preprocessor: Preprocessor): Dataset {
  const { stored: _, ...rest } = dataset; // it is of the example as it was read
  return {
    ...rest,
    async load(i) {
      const sample = await dataset.load(i);
      try {
        return preprocessor.prepare(sample);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        throw new DataError(`${dataset.source} ${dataset.name(i)}: ${messageOf(error)}`, { cause: error });
      }
    },
  };
}

/**
 * `prepared(read.dataset)`, whose examples are taken from a shelf where they lie there, and put there where not. What is
 * decoded then is neither read as pixels nor prepared again; its fingerprint comes from the shelf, too.
 */
export function shelved(read: Fingerprints, preprocessor: Preprocessor, shelf: Shelf): Dataset {
  const { dataset, hashes } = read;
  // Numbers go to the model as they are: to keep them once more would spare nothing.
  if (dataset.kind === "array") return prepared(dataset, preprocessor);
  const fresh = unmeasured(dataset, preprocessor);
  const keys = new Map<number, Promise<string>>();
  const keyOf = async (i: number) =>
    shelf.keyOf(dataset.stored ? await dataset.stored(i) : [bytesOfSample(await dataset.load(i))]);
  const ready: Dataset = {
    ...fresh,
    async load(i) {
      let key = keys.get(i);
      if (!key) {
        key = keyOf(i);
        keys.set(i, key);
      }
      const found = await shelf.get(await key);
      if (found) {
        hashes[i] = found.fingerprint;
        return found.sample;
      }
      const sample = await fresh.load(i);
      await shelf.put(await key, { sample, fingerprint: hashes[i]! }); // the load has left it
      return sample;
    },
  };
  return measuredIfTokens(ready, preprocessor);
}

function measuredIfTokens(ready: Dataset, { config: { kind } }: Preprocessor): Dataset {
  return kind === "text" || kind === "image-text" ? measured(ready) : ready;
}

/** A dataset of tokens, or of images with them, that knows their number in each example that was loaded, and what was cut. */
export function measured(dataset: Dataset): Dataset {
  const sizes = new Int32Array(dataset.length).fill(UNKNOWN);
  const cuts = new Int32Array(dataset.length).fill(UNKNOWN);
  return {
    ...dataset,
    size: (i) => (sizes[i] === UNKNOWN ? undefined : sizes[i]),
    cut: (i) => (cuts[i] === UNKNOWN ? undefined : cuts[i]),
    async load(i) {
      const sample = await dataset.load(i);
      const said = sample.kind === "image-text" ? sample.text : sample;
      if (said.kind === "tokens" || said.kind === "sequence") sizes[i] = said.data.length;
      if (said.kind === "sequence") cuts[i] = said.cut;
      return sample;
    },
  };
}

/**
 * A dataset that keeps what it has loaded, while the budget lasts. What is kept stays: examples are visited once per
 * epoch, and dropping the oldest would drop each one just before it is wanted.
 */
export function cached(dataset: Dataset, cache: SampleCache): Dataset {
  const kept = new Map<number, Sample>();
  return {
    ...dataset,
    async load(i) {
      const found = kept.get(i);
      if (found) return found;
      const sample = await dataset.load(i);
      const bytes = bytesOf(sample);
      if (kept.has(i)) return sample;
      if (cache.usedBytes + bytes > cache.budgetBytes) {
        cache.refused++;
        return sample;
      }
      cache.usedBytes += bytes;
      // A copy where the sample is a window on a larger array, so that the budget counts what is really held.
      const own = ownsItsMemory(sample) ? sample : copyOf(sample);
      kept.set(i, own);
      return own;
    },
  };
}

/** Bytes of pixels, numbers or characters. */
function bytesOf(sample: Sample): number {
  if (sample.kind === "text" || sample.kind === "dialogue") return 2 * wordsOf(sample).length;
  if (sample.kind === "image-text") return bytesOf(sample.image) + bytesOf(sample.text);
  if (sample.kind === "tokens" || sample.kind === "sequence")
    return 2 * sample.data.byteLength + bytesOf(sample.source);
  return sample.data.byteLength + (sample.kind === "image" ? (sample.mask?.byteLength ?? 0) : 0);
}

function ownsItsMemory(sample: Sample): boolean {
  if (sample.kind === "text" || sample.kind === "dialogue") return true;
  if (sample.kind === "image-text") return ownsItsMemory(sample.image);
  return sample.data.buffer.byteLength === sample.data.byteLength;
}

function copyOf(sample: Sample): Sample {
  if (sample.kind === "image") return { ...sample, data: sample.data.slice() };
  if (sample.kind === "array") return { ...sample, data: sample.data.slice() };
  if (sample.kind === "image-text")
    return { ...sample, image: { ...sample.image, data: sample.image.data.slice() } };
  return sample.kind === "audio" ? { ...sample, data: sample.data.slice() } : sample;
}

export interface CheckOptions {
  /** `error`: one DataError that lists the examples; `skip`: they are left out, with a warning that lists them. */
  readonly onBroken: "error" | "skip";
  /** Examples decoded at the same time. Default 8. */
  readonly concurrency?: number;
  /** Told how many examples of all were tried. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Loads every example once, so that a broken file is met before training and not in its middle; over a `cached` dataset
 * this also fills the cache.
 *
 * @returns the dataset without its broken examples, itself if none is
 * @throws DataError if examples are broken and `onBroken` is `error`, or if none is left
 */
export async function checkExamples(dataset: Dataset, options: CheckOptions): Promise<Dataset> {
  const { onBroken, concurrency = 8, onProgress } = options;
  const broken: { index: number; why: string }[] = [];
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (next < dataset.length) {
      const index = next++;
      try {
        await dataset.load(index);
      } catch (error) {
        // A missing package or a bug concerns all examples and must not read as bad data.
        if (!(error instanceof DataError)) throw error;
        broken.push({ index, why: messageOf(error) });
      }
      onProgress?.(++done, dataset.length);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (broken.length === 0) return dataset;
  broken.sort((a, b) => a.index - b.index);
  const what = `${dataset.source}: ${broken.length} of ${dataset.length} examples cannot be used`;
  const details = { source: dataset.source, broken: broken.map((b) => dataset.name(b.index)) };
  if (onBroken === "error" || broken.length === dataset.length) {
    const lines = listing(
      broken.map((b) => b.why),
      "\n  ",
    );
    throw new DataError(
      `${what}:\n  ${lines}\nMend or remove them, or leave them out with --dataset.onBroken skip.`,
      {
        details,
      },
    );
  }
  const bad = new Set(broken.map((b) => b.index));
  const good = Array.from({ length: dataset.length }, (_, i) => i).filter((i) => !bad.has(i));
  return withWarnings(subset(dataset, good), [`${what} and are left out: ${listing(details.broken)}.`]);
}
