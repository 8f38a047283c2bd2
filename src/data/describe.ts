import { classCounts, type Dataset, type Sample } from "./dataset.ts";

export interface DatasetDescription {
  readonly source: string;
  readonly format: string;
  readonly kind: Sample["kind"];
  readonly length: number;
  /** Examples per class, in class order; null for regression. */
  readonly classes: readonly { readonly name: string; readonly count: number }[] | null;
  /** Shapes that examples load as, [height, width, channels] of images, the most frequent first. */
  readonly shapes: readonly { readonly dims: readonly number[]; readonly count: number }[];
  readonly warnings: readonly string[];
  /** Examples whose content equals an earlier example's, bit for bit. */
  readonly duplicates: number;
  /** SHA-256 of each example's shape and content, in hexadecimal. */
  readonly hashes: readonly string[];
}

/**
 * What is in a dataset, for a person to look at before training: loads every example once.
 * Give it the dataset as it was opened; after resizing, different images may become equal.
 *
 * @throws DataError for the first example that cannot be loaded
 */
export async function describeDataset(
  dataset: Dataset,
  options: { concurrency?: number } = {},
): Promise<DatasetDescription> {
  const hashes = new Array<string>(dataset.length).fill("");
  const shapes = new Map<string, { dims: readonly number[]; count: number }>();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < dataset.length) {
      const i = next++;
      const sample = await dataset.load(i);
      const dims = dimsOf(sample);
      const key = dims.join("x");
      const shape = shapes.get(key);
      if (shape) shape.count++;
      else shapes.set(key, { dims, count: 1 });
      hashes[i] = await hashOf(key, sample);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency ?? 8 }, worker));
  const counts = classCounts(dataset);
  return {
    source: dataset.source,
    format: dataset.format,
    kind: dataset.kind,
    length: dataset.length,
    classes: dataset.classes?.map((name, c) => ({ name, count: counts[c]! })) ?? null,
    shapes: [...shapes.values()].sort((a, b) => b.count - a.count),
    warnings: dataset.warnings,
    duplicates: hashes.length - new Set(hashes).size,
    hashes,
  };
}

/** Positions in `test` of examples that are in `train` too, bit for bit: a score on them says nothing. */
export function sharedExamples(train: DatasetDescription, test: DatasetDescription): number[] {
  const known = new Set(train.hashes);
  return test.hashes.flatMap((hash, i) => (known.has(hash) ? [i] : []));
}

/** Texts have no shape of their own. */
function dimsOf(sample: Sample): readonly number[] {
  if (sample.kind === "image") return [sample.height, sample.width, sample.channels];
  return sample.kind === "array" ? sample.dims : [];
}

function contentOf(sample: Sample): Uint8Array {
  if (sample.kind === "text") return new TextEncoder().encode(`${sample.text}\0${sample.pair ?? ""}`);
  if (sample.kind === "tokens") return contentOf(sample.source);
  const { buffer, byteOffset, byteLength } = sample.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function hashOf(shape: string, sample: Sample): Promise<string> {
  const head = new TextEncoder().encode(`${sample.kind} ${shape}\n`);
  const content = contentOf(sample);
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("");
}
