import type { Files } from "../../platform/files.ts";
import type { Dataset, Labelling } from "../dataset.ts";

/** Settings that readers share; each reader says which of them it heeds. */
export interface ReaderOptions {
  /** What examples are labelled with. Default `class`. Image folders have one class per image. */
  readonly labelling?: Labelling;
  /**
   * Tables: the label's column. Default `label` or `labels`. Several classes are a list, or a string that
   * `labelSeparator` parts; words' classes are a list, by default `ner_tags`, `tags` or `labels`.
   */
  readonly labelColumn?: string;
  /** Tables, in place of `labelColumn`: a column of 0 and 1 for each class of several, or a column for each number. */
  readonly labelColumns?: readonly string[];
  /** Tables: what stands between several classes in one string. Default: `;` and `|` both do. */
  readonly labelSeparator?: string;
  /** Tables: the column whose equal values belong together, such as a patient's; they never part between sets. */
  readonly groupColumn?: string;
  /** Tables: the column of how much each example counts in the loss. Default: all count the same. */
  readonly weightColumn?: string;
  /** Tables: the column of texts, or of lists of words. Default `text`, `sentence` or the like, where there is one. */
  readonly textColumn?: string;
  /** Tables: the column of second texts, for pairs. */
  readonly pairColumn?: string;
  /** Tables of dialogues: the column of prompts. Default `messages`, or `instruction`, `prompt` or `question`. */
  readonly promptColumn?: string;
  /** Tables of dialogues: the column of responses. Default `output`, `response`, `completion` or `answer`. */
  readonly responseColumn?: string;
  /** Tables of dialogues: the column of what must be found in a response. Default `answer`, where it is not the response. */
  readonly answerColumn?: string;
  /** Tables: the column of images, or of their paths relative to the file. Default `image` where there is one. */
  readonly imageColumn?: string;
  /** Tables: the column of WAV files or of their paths. Default `audio` where there is one. */
  readonly audioColumn?: string;
  /** Tables of images, `labelling: sample`: the column of masks. Default `mask`, `annotation` or the like. */
  readonly maskColumn?: string;
  /** Masks: the file that names classes. Default `classes.txt` or `classes.json` beside them. */
  readonly classFile?: string;
  /** Masks: numbers of pixels that do not count; null for none. Default 255. */
  readonly ignoreIndex?: number | readonly number[] | null;
  /** Tables: the feature columns, in order. Default: every column but those above, which must all be numbers. */
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
