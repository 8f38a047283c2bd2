import type { Dataset } from "../data/dataset.ts";
import { bucketIndex, chooseBuckets, filledTokens, roundedUp } from "../data/length-buckets.ts";
import type { TextPreprocessing } from "../data/preprocess/config.ts";
import type { Tokenizer } from "../data/preprocess/tokenizer.ts";
import { ConfigError } from "../errors.ts";

/** Tokens where nothing says what the model takes; most encoders take this many. */
export const USUAL_LENGTH = 512;
/** Lengths beyond the training texts' that the texts of other sets may have beside. */
const MORE_FOR_JUDGING = 2;

/** What a user says of lengths: `preprocess.maxLength` and `preprocess.buckets`. */
export interface AskedLengths {
  readonly maxLength?: number | undefined;
  readonly buckets?: number | readonly number[] | undefined;
}

/** The lengths that batches of texts are filled up to. */
export interface TextLengths {
  /** For training, ascending. */
  readonly training: readonly number[];
  /** Those, and longer ones that only other sets need. */
  readonly all: readonly number[];
  /** Preprocessing whose batches have these lengths. */
  readonly config: TextPreprocessing;
  /** A sentence for the console. */
  readonly note: string;
}

/**
 * The most tokens of a text as the user says it: `maxLength`, or the last of the buckets; undefined leaves it to the model.
 *
 * @throws ConfigError if that is more than the model takes, or the buckets are in no order
 */
export function askedLength({ maxLength, buckets }: AskedLengths, tokenizer: Tokenizer): number | undefined {
  const list = typeof buckets === "object" ? buckets : [];
  if (list.some((length, i) => i > 0 && length <= list[i - 1]!)) {
    throw new ConfigError(`preprocess.buckets ${list.join(", ")}: expected lengths in ascending order`);
  }
  const last = list.at(-1);
  for (const [name, asked] of [
    ["maxLength", maxLength],
    ["buckets", last],
  ] as const) {
    const limit = name === "buckets" ? (maxLength ?? tokenizer.maxLength) : tokenizer.maxLength;
    if (asked === undefined || limit === null || asked <= limit) continue;
    const why = limit === maxLength ? "preprocess.maxLength is" : "the model takes, as its tokenizer says,";
    throw new ConfigError(`preprocess.${name} ${asked}: ${why} ${limit} tokens`);
  }
  return maxLength ?? last;
}

/**
 * Chooses the lengths from the sizes of the texts, which must have been loaded. Training texts decide; where texts of other
 * sets are longer than all of them, up to two lengths more are added, so that nothing is cut that the model can read.
 */
export function chooseLengths(
  sets: { readonly train: Dataset; readonly judged: readonly Dataset[] },
  config: TextPreprocessing,
  { buckets, batchSize }: Pick<AskedLengths, "buckets"> & { readonly batchSize: number },
): TextLengths {
  const { maxLength: limit } = config;
  const sizes = sizesOf(sets.train, limit);
  const longest = sizes.reduce((a, b) => Math.max(a, b), 1);
  // A model of one length declares it, and its batches have no other.
  const training =
    config.lengthStep === limit
      ? [limit]
      : typeof buckets === "object"
        ? listed(buckets, roundedUp(longest, limit))
        : chooseBuckets(sizes, {
            limit,
            least: batchSize,
            ...(buckets === undefined ? {} : { count: buckets }),
          });
  const last = training.at(-1) ?? limit;
  const longer = sets.judged.flatMap((set) => sizesOf(set, limit)).filter((size) => size > last);
  const count = buckets === 1 ? 1 : MORE_FOR_JUDGING;
  const all = [...training, ...(longer.length === 0 ? [] : chooseBuckets(longer, { limit, count }))];
  const share = filledTokens(sizes, training) / (sizes.length * roundedUp(longest, limit));
  const filled = training.length === 1 ? "" : `, ${Math.round(100 * share)} % of what one length would take`;
  return {
    training,
    all,
    // What is made of a text later, by noise say, is cut to what batches have room for.
    config: { ...config, maxLength: all.at(-1) ?? limit, lengths: all },
    note:
      `Texts take up to ${longest} tokens; batches are filled up to ${alternatives(training)} (preprocess.buckets)${filled}` +
      cutNote(sets, sizes, limit) +
      (all.length === training.length
        ? "."
        : `. Longer texts of other sets take ${alternatives(all.slice(training.length))}.`) +
      (config.mask === null && all.length > 1
        ? " The model has no input for a mask, so it reads what texts are filled up with as text; --preprocess.buckets 1 fills all up alike."
        : ""),
  };
}

/** What was cut of texts: counted where the preprocessor counts it, else how many training texts take all there is. */
function cutNote(
  { train, judged }: { readonly train: Dataset; readonly judged: readonly Dataset[] },
  sizes: readonly number[],
  limit: number,
): string {
  const counts = cutsOf(train);
  if (counts.some((n) => n === undefined)) {
    const full = sizes.filter((size) => size >= limit).length;
    return full === 0
      ? ""
      : `; ${full} of ${sizes.length} take all of ${limit}, and what they have beyond is cut`;
  }
  const ofTraining = cutWords(counts, "training texts");
  const ofOthers = cutWords(judged.flatMap(cutsOf), "texts of other sets");
  return [ofTraining, ofOthers]
    .filter((words) => words !== "")
    .map((words) => `; ${words} were cut to ${limit} tokens`)
    .join("");
}

function cutsOf(dataset: Dataset): (number | undefined)[] {
  return Array.from({ length: dataset.length }, (_, i) => dataset.cut?.(i));
}

function cutWords(counts: readonly (number | undefined)[], what: string): string {
  const cut = counts.filter((n): n is number => n !== undefined && n > 0);
  const lost = cut.reduce((a, b) => a + b, 0);
  return cut.length === 0 ? "" : `${cut.length} of ${counts.length} ${what} (${lost} tokens lost)`;
}

/** For a loader: which of the lengths an example is filled up to. */
export function lengthBucket(dataset: Dataset, lengths: readonly number[]): (index: number) => number {
  return (index) => bucketIndex(dataset.size?.(index) ?? Number.POSITIVE_INFINITY, lengths);
}

/** The user's lengths up to the first that holds every text, and one that does if none does. */
function listed(lengths: readonly number[], longest: number): number[] {
  const shorter = lengths.filter((length) => length < longest);
  return [...shorter, lengths[shorter.length] ?? longest];
}

/** Sizes that are not known count as the most there can be. */
function sizesOf(dataset: Dataset, limit: number): number[] {
  return Array.from({ length: dataset.length }, (_, i) => dataset.size?.(i) ?? limit);
}

function alternatives(lengths: readonly number[]): string {
  const last = lengths.at(-1);
  return lengths.length < 2 ? `${last}` : `${lengths.slice(0, -1).join(", ")} or ${last}`;
}
