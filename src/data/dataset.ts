import type { Shape } from "../tensor/shape.ts";

/** Pixels: uint8 [height, width, channels], row-major, 0 (black) to 255; three channels are red, green, blue. */
export interface Image {
  readonly kind: "image";
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Numbers that go to the model as they are: float32 of the given dims, without a batch axis. */
export interface NumberArray {
  readonly kind: "array";
  readonly dims: Shape;
  readonly data: Float32Array;
}

/** A sentence, or two of them, as it was read. */
export interface Text {
  readonly kind: "text";
  readonly text: string;
  /** The second sentence of a pair. */
  readonly pair?: string;
}

/** A text as the model's tokenizer gives it. */
export interface Tokens {
  readonly kind: "tokens";
  /** Token ids, special tokens included. */
  readonly data: Int32Array;
  /** 0 for tokens of the first text, 1 for those of the second. */
  readonly types: Int32Array;
  readonly source: Text;
}

export type Sample = Image | NumberArray | Text | Tokens;

/** What data is made of; texts become tokens when they are prepared for a model. */
export type SampleKind = Exclude<Sample["kind"], "tokens">;

/**
 * Labelled examples by position. Labels and names are at hand; the content of an example is loaded when asked for.
 * A dataset never changes: subsets, splits, class maps, caches and corruptions are datasets over datasets.
 */
export interface Dataset {
  /** Where it comes from: the path that was opened, and what was made of it. For messages and reports. */
  readonly source: string;
  /** Name of the reader that opened it, such as `image-folder`. */
  readonly format: string;
  /** What every example loads as. */
  readonly kind: SampleKind;
  /** Class names by class index; null where labels are numbers to regress on. */
  readonly classes: readonly string[] | null;
  readonly length: number;
  /** What a user should know of this data and nothing stops for, one sentence each. */
  readonly warnings: readonly string[];
  /** The class index of example `i`, or the number to predict where `classes` is null. */
  label(i: number): number;
  /** Which example this is, relative to `source` and the same on every machine: `cats/7.png`, `images[12]`. */
  name(i: number): string;
  /** The content of example `i`. @throws DataError that names the example if it cannot be read or decoded */
  load(i: number): Promise<Sample>;
}

/** How many of some things a message lists before it only counts the rest. */
const LISTED = 10;

/** `a, b, c and 4 more`: a list for a message, cut at `LISTED`. */
export function listing(items: readonly string[], separator = ", "): string {
  const head = items.slice(0, LISTED).join(separator);
  return items.length > LISTED ? `${head}${separator}and ${items.length - LISTED} more` : head;
}

/** Number of examples of each class, by class index; empty for regression. */
export function classCounts(dataset: Dataset): number[] {
  if (dataset.classes === null) return [];
  const counts = new Array<number>(dataset.classes.length).fill(0);
  for (let i = 0; i < dataset.length; i++) counts[dataset.label(i)]!++;
  return counts;
}
