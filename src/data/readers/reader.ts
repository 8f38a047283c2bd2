import type { Files } from "../../platform/files.ts";
import type { Dataset } from "../dataset.ts";

/** Settings that readers share; each reader says which of them it heeds. */
export interface ReaderOptions {
  /** Predict the label's number instead of a class. Image folders have classes only. */
  readonly task?: "classification" | "regression";
  /** Tables: the label's column. Default `label`. */
  readonly labelColumn?: string;
  /** Tables: the column of texts. Default `text`, `sentence` or the like, where there is one. */
  readonly textColumn?: string;
  /** Tables: the column of second texts, for pairs. */
  readonly pairColumn?: string;
  /** Tables: the column of images, or of their paths relative to the file. Default `image` where there is one. */
  readonly imageColumn?: string;
  /** Tables: the feature columns, in order. Default: every column but the label's, which must all be numbers. */
  readonly featureColumns?: readonly string[];
  /** npz: names of the two arrays. Default `images` and `labels`, or `x` and `y`. */
  readonly arrays?: { readonly x: string; readonly y: string };
  /** npz: the white of float images, 1 or 255; without it a float array goes to the model as it is. */
  readonly white?: 1 | 255;
}

/** One kind of data on disk. A new kind is one file with one of these and its entry in `registry.ts`. */
export interface Reader {
  /** The name in options, messages and `Dataset.format`. */
  readonly name: string;
  /** What it reads, in a phrase that completes "expected …". */
  readonly reads: string;
  /** Why this path looks like this kind, as a phrase; null if it does not. Looks at names and first bytes only. */
  detect(files: Files, path: string): Promise<string | null>;
  /** @throws DataError for whatever keeps the data from being used, all problems of one kind together */
  open(files: Files, path: string, options: ReaderOptions): Promise<Dataset>;
}
