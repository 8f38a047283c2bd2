import type { Shape } from "../tensor/shape.ts";

/** Pixels: uint8 [height, width, channels], row-major, 0 (black) to 255; three channels are red, green, blue. */
export interface Image {
  readonly kind: "image";
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
  /** What each pixel shows, for segmentation; whatever moves pixels moves it along. */
  readonly mask?: PixelClasses;
}

/**
 * Class indices of the pixels of an image, [height, width], row-major; the largest value of the array's type where a
 * pixel does not count (`ignoredIn`). 8-bit for up to 255 classes.
 */
export type PixelClasses = Uint8Array | Uint16Array;

/** The value of pixels that do not count: 255 or 65535. */
export function ignoredIn(mask: PixelClasses): number {
  return 2 ** (8 * mask.BYTES_PER_ELEMENT) - 1;
}

/** A mask of so many pixels for so many classes, none of which counts yet. */
export function emptyMask(pixels: number, classes: number): PixelClasses {
  const mask = classes <= 0xff ? new Uint8Array(pixels) : new Uint16Array(pixels);
  return mask.fill(ignoredIn(mask));
}

/** Numbers that go to the model as they are: float32 of the given dims, without a batch axis. */
export interface NumberArray {
  readonly kind: "array";
  readonly dims: Shape;
  readonly data: Float32Array;
}

/** A sound of one channel. */
export interface Audio {
  readonly kind: "audio";
  /** Numbers a second. */
  readonly sampleRate: number;
  /** The wave, in [−1, 1]. */
  readonly data: Float32Array;
}

/** A sentence, or two of them, as it was read. */
export interface Text {
  readonly kind: "text";
  readonly text: string;
  /** The second sentence of a pair. */
  readonly pair?: string;
  /** The words that `text` is, joined by spaces, where it was read as words. */
  readonly words?: readonly string[];
  /** The class of each word, an index into the dataset's classes. */
  readonly tags?: readonly number[];
}

/** One turn of a dialogue: `system`, `user` or `assistant`, and what is said. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

/** What a language model is asked, and what it shall write. */
export interface Dialogue {
  readonly kind: "dialogue";
  /** In order. What the assistant says is the response; without any, the dialogue only asks. */
  readonly messages: readonly Message[];
  /** The instruction and what it is about, where they were read apart, as Alpaca has them. */
  readonly instruction?: { readonly text: string; readonly input: string };
  /** What must be found in a written response, where that is less than all of it. */
  readonly answer?: string;
  /** What people answered to a question about an image, usually ten; the response is what most of them said. */
  readonly answers?: readonly string[];
  /** The responses to choose from; `answer` or the response is one of them. */
  readonly choices?: readonly string[];
}

/** A text as the model's tokenizer gives it. */
export interface Tokens {
  readonly kind: "tokens";
  /** Token ids, special tokens included. */
  readonly data: Int32Array;
  /** 0 for tokens of the first text, 1 for those of the second. */
  readonly types: Int32Array;
  /** Where words are told apart: the word that each token is the first piece of, −1 for the others. */
  readonly words?: Int32Array;
  /** Where words have classes or tokens are hidden: what each token is compared with; negative where nothing is. */
  readonly targets?: Int32Array;
  readonly source: Text;
}

/** An image and a text about it: a caption, or a question and its answer; the text is tokens once it is prepared for a model. */
export interface CaptionedImage {
  readonly kind: "image-text";
  readonly image: Image;
  readonly text: Text | Dialogue | Tokens | Sequence;
}

/** A text or dialogue as a language model is trained on it. */
export interface Sequence {
  readonly kind: "sequence";
  /** Token ids, special tokens included. */
  readonly data: Int32Array;
  /** What the output at each token is compared with; negative where nothing is. */
  readonly targets: Int32Array;
  /** Where several texts stand in one row: the number of the text that each token is of, from 1 on. */
  readonly segments?: Int32Array;
  /** Tokens that it had beyond what the model takes. */
  readonly cut: number;
  readonly source: Text | Dialogue;
}

export type Sample = Image | NumberArray | Audio | Text | Dialogue | CaptionedImage | Tokens | Sequence;

/** What data is made of; texts become tokens, and sounds arrays, when they are prepared for a model. */
export type SampleKind = Exclude<Sample["kind"], "tokens" | "sequence">;

/** What was read, as one string: for people to read, and to tell examples apart by. */
export function wordsOf(source: Text | Dialogue): string {
  if (source.kind === "dialogue")
    return source.messages.map(({ role, content }) => `${role}: ${content}`).join("\n");
  return source.pair === undefined ? source.text : `${source.text} / ${source.pair}`;
}

/** The words of what is asked, without what is answered; a lone question without who asks it. */
export function askedOf(source: Text | Dialogue): string {
  if (source.kind === "text") return source.text;
  const messages = source.messages.filter((m) => m.role !== "assistant");
  const [first, ...more] = messages;
  return first && more.length === 0 ? first.content : wordsOf({ ...source, messages });
}

/**
 * What examples are labelled with: one of the classes, several of them, numbers to regress on, or nothing beside the
 * sample, which holds the target itself (the classes of its words, a mask, an answer).
 */
export type Labelling = (typeof labellings)[number];
export const labellings = ["class", "classes", "numbers", "sample"] as const;

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
  readonly labelling: Labelling;
  /** Class names by class index, of examples or of what is in them; null where there are none. */
  readonly classes: readonly string[] | null;
  readonly length: number;
  /** What a user should know of this data and nothing stops for, one sentence each. */
  readonly warnings: readonly string[];
  /** The class index of example `i`, or the number to predict; of several the first, NO_LABEL where there is none. */
  label(i: number): number;
  /** All labels of example `i`: its class indices in ascending order, or its numbers, as many in every example. */
  labels?(i: number): readonly number[];
  /** What example `i` belongs together with, such as a patient; a group is never divided between two sets. */
  group?(i: number): string;
  /** What tells example `i` from others wherever it stands, for splits that last; its name where this is left out. */
  key?(i: number): string | number;
  /** How much example `i` counts in the loss, at least 0; 1 where this is left out. */
  weight?(i: number): number;
  /** Which example this is, relative to `source` and the same on every machine: `cats/7.png`, `images[12]`. */
  name(i: number): string;
  /** How long example `i` is, in tokens, once it has been loaded; absent where all examples are of one size. */
  readonly size?: (i: number) => number | undefined;
  /** How many tokens example `i` lost because it was too long, once it has been loaded; undefined where nobody counts. */
  readonly cut?: (i: number) => number | undefined;
  /** The content of example `i`. @throws DataError that names the example if it cannot be read or decoded */
  load(i: number): Promise<Sample>;
  /**
   * What `load(i)` decodes, and all else that decides what comes of it: equal parts give equal samples, in any data. Absent
   * where nothing is decoded. A dataset that makes other samples of those of another one says so here, or leaves it out.
   */
  readonly stored?: (i: number) => Promise<readonly StoredPart[]>;
}

/** Bytes of a file, or what is known besides as text. */
export type StoredPart = Uint8Array | string;

/** How the examples of a dataset are loaded. */
export type Loading = Pick<Dataset, "load" | "stored">;

/** How many of some things a message lists before it only counts the rest. */
export const LISTED = 10;

/** `a, b, c and 4 more`: a list for a message, cut at `LISTED`. */
export function listing(items: readonly string[], separator = ", "): string {
  const head = items.slice(0, LISTED).join(separator);
  return items.length > LISTED ? `${head}${separator}and ${items.length - LISTED} more` : head;
}

/** `Dataset.label` of an example without a label beside it. */
export const NO_LABEL = -1;

/** The class indices of example `i`: one, several, or none. */
export function classesOf(dataset: Dataset, i: number): readonly number[] {
  if (dataset.labelling === "class") return [dataset.label(i)];
  return dataset.labelling === "classes" ? (dataset.labels?.(i) ?? []) : [];
}

/** Number of examples of each class, by class index; empty where examples have none. */
export function classCounts(dataset: Dataset): number[] {
  const { labelling, classes, length } = dataset;
  if (classes === null || labelling === "sample") return [];
  const counts = new Array<number>(classes.length).fill(0);
  for (let i = 0; i < length; i++) for (const c of classesOf(dataset, i)) counts[c]!++;
  return counts;
}
