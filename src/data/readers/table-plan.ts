import { ConfigError, DataError } from "../../errors.ts";
import type { ReaderOptions } from "./reader.ts";
import { columnAt, type Table } from "./table.ts";
import { type DialogueColumns, dialogueColumnsOf, type PromptColumns } from "./table-dialogues.ts";

/** Names under which texts and labels usually stand. */
export const TEXT_NAMES: readonly string[] = ["text", "sentence", "sentence1", "premise", "question"];
export const WORD_NAMES: readonly string[] = ["tokens", "words"];
/** The usual name of a pair's second text, by that of the first. */
export const PAIR_NAMES: Readonly<Record<string, string>> = {
  sentence1: "sentence2",
  premise: "hypothesis",
  question: "sentence",
};
export const LABEL_NAMES: readonly string[] = ["label", "labels"];
const MASK_NAMES: readonly string[] = ["mask", "masks", "annotation", "segmentation", "label"];
const CAPTION_NAMES: readonly string[] = ["caption", "text", "sentence"];
export const TAG_NAMES: readonly string[] = ["ner_tags", "tags", "labels"];

/** What the columns of a table are for, by position. */
export interface Plan {
  /** One column of labels, or one for each class or number; none where the target lies in the sample. */
  readonly labels: readonly number[];
  readonly group: number | null;
  readonly weight: number | null;
  readonly content:
    | {
        readonly kind: "image";
        readonly column: number;
        /** The column of masks, where they are the target. */
        readonly mask: number | null;
      }
    | {
        readonly kind: "text";
        readonly column: number;
        readonly pair: number | null;
        /** Classes of the words, where the column holds lists of words. */
        readonly tags: number | null;
      }
    | { readonly kind: "image-text"; readonly image: number; readonly text: number | DialogueColumns }
    | { readonly kind: "audio"; readonly column: number }
    | { readonly kind: "dialogue"; readonly columns: DialogueColumns }
    | { readonly kind: "array"; readonly columns: readonly number[] };
}

/** @throws DataError, ConfigError naming the columns there are and the setting that chooses one */
export function planOf(table: Table, options: ReaderOptions): Plan {
  const optional = (name: string | undefined, key: string) =>
    name === undefined ? null : columnAt(table, name, key);
  const labels = labelColumnsOf(table, options);
  const group = optional(options.groupColumn, "groupColumn");
  const weight = optional(options.weightColumn, "weightColumn");
  return { labels, group, weight, content: contentPlan(table, options, [...labels, group, weight]) };
}

/** What the rows of a table hold beside labels, groups and weights, none of which they need have. @throws as `planOf` */
export function inputPlan(table: Table, options: ReaderOptions): Plan["content"] {
  const { labelColumn, labelColumns, groupColumn, weightColumn } = options;
  const labels = labelColumns ?? [labelColumn ?? known(table, LABEL_NAMES)];
  const others = [...labels, groupColumn, weightColumn].map((name) => table.columns.indexOf(name ?? ""));
  return contentPlan(table, { ...options, labelling: "class" }, others);
}

/** @param others columns that are no content */
function contentPlan(
  table: Table,
  options: ReaderOptions,
  others: readonly (number | null)[],
): Plan["content"] {
  const { textColumn, imageColumn, audioColumn, featureColumns, labelling = "class" } = options;
  const given = Object.entries({ textColumn, imageColumn, audioColumn, featureColumns }).filter(
    ([, v]) => v !== undefined,
  );
  const isPair = given.length === 2 && textColumn !== undefined && imageColumn !== undefined;
  if (given.length > 1 && !(isPair && labelling === "sample"))
    throw new ConfigError(
      `${given.map(([key]) => key).join(" and ")} exclude each other: an example is one thing`,
    );
  const at = (name: string, key: string) => columnAt(table, name, key);

  if (featureColumns !== undefined) {
    const columns = featureColumns.map((c) => at(c, "featureColumns"));
    return { kind: "array", columns };
  }
  const isFile = audioColumn === undefined && (textColumn === undefined || labelling === "sample");
  const image = imageColumn ?? (isFile ? usualFile(table, "image") : undefined);
  if (image !== undefined) {
    const question =
      labelling === "sample" && textColumn === undefined && options.maskColumn === undefined
        ? questionPlan(table, options)
        : null;
    if (question && (question.text.response ?? question.text.answers) !== null) return question;
    const mask = labelling === "sample" && textColumn === undefined ? maskColumnOf(table, options) : null;
    const captions = labelling === "sample" && mask === null ? captionPlan(table, options) : null;
    return captions ?? { kind: "image", column: at(image, "imageColumn"), mask };
  }
  const audio = audioColumn ?? (isFile ? usualFile(table, "audio") : undefined);
  if (audio !== undefined) return { kind: "audio", column: at(audio, "audioColumn") };
  const dialogue =
    labelling === "sample" && textColumn === undefined ? dialogueColumnsOf(table, options, at) : null;
  if (dialogue) return { kind: "dialogue", columns: dialogue };
  const names = labelling === "sample" ? [...WORD_NAMES, ...TEXT_NAMES] : TEXT_NAMES;
  const text = textColumn ?? known(table, names);
  if (text !== undefined) {
    const tags = labelling === "sample" ? tagColumnOf(table, options) : null;
    const pair = pairColumnOf(table, text, options.pairColumn);
    return { kind: "text", column: at(text, "textColumn"), pair, tags };
  }
  const used = new Set(others);
  const columns = [...table.columns.keys()].filter((c) => !used.has(c));
  return { kind: "array", columns };
}

/** The columns of images and of what is asked about them, maybe answered; null where there are none. */
export function questionPlan(
  table: Table,
  options: ReaderOptions,
): { readonly kind: "image-text"; readonly image: number; readonly text: PromptColumns } | null {
  const at = (name: string, key: string) => columnAt(table, name, key);
  const image = options.imageColumn ?? usualFile(table, "image");
  const text = image === undefined ? null : dialogueColumnsOf(table, options, at);
  if (image === undefined || text?.kind !== "pair") return null;
  return { kind: "image-text", image: at(image, "imageColumn"), text };
}

/** The columns of images and of a text about each; null where there are none. */
export function captionPlan(
  table: Table,
  options: Pick<ReaderOptions, "imageColumn" | "textColumn">,
): { readonly kind: "image-text"; readonly image: number; readonly text: number } | null {
  const image = options.imageColumn ?? usualFile(table, "image");
  const text = options.textColumn ?? known(table, CAPTION_NAMES);
  if (image === undefined || text === undefined) return null;
  const columns = { image: columnAt(table, image, "imageColumn"), text: columnAt(table, text, "textColumn") };
  return { kind: "image-text", ...columns };
}

/** The column of texts and that of second texts, as named or under their usual names; null where there is none. */
export function textColumnsOf(
  table: Table,
  { textColumn, pairColumn }: Pick<ReaderOptions, "textColumn" | "pairColumn">,
): { readonly text: number; readonly pair: number | null } {
  const text = textColumn ?? known(table, TEXT_NAMES);
  if (text === undefined)
    throw new DataError(
      `${table.path}: no column ${TEXT_NAMES.join(" or ")} of texts, it has ${table.columns.join(", ")}; ` +
        "name it with textColumn",
    );
  return { text: columnAt(table, text, "textColumn"), pair: pairColumnOf(table, text, pairColumn) };
}

/** A column of files of a kind: one that holds them, or one of paths with the kind as its name. */
function usualFile(table: Table, kind: "image" | "audio"): string | undefined {
  const { embedded } = table;
  const isAudio = (column: string) => embedded?.isAudio(column) === true || column === "audio";
  const inside = embedded?.columns.find((column) => isAudio(column) === (kind === "audio"));
  return inside ?? known(table, [kind]);
}

function known(table: Table, names: readonly string[]): string | undefined {
  return names.find((name) => table.columns.includes(name));
}

function labelColumnsOf(table: Table, options: ReaderOptions): number[] {
  const { labelling = "class", labelColumn, labelColumns } = options;
  if (labelling === "sample") return [];
  if (labelColumns === undefined)
    return [columnAt(table, labelColumn ?? known(table, LABEL_NAMES) ?? "label", "labelColumn")];
  if (labelColumn !== undefined)
    throw new ConfigError(
      "labelColumn and labelColumns exclude each other: labels stand in one column or several",
    );
  if (labelling === "class")
    throw new ConfigError("labelColumns are for several classes or numbers; one class stands in labelColumn");
  if (labelColumns.length === 0) throw new ConfigError("labelColumns is empty, expected names of columns");
  return labelColumns.map((c) => columnAt(table, c, "labelColumns"));
}

function tagColumnOf(table: Table, { labelColumn }: ReaderOptions): number | null {
  const name = labelColumn ?? known(table, TAG_NAMES);
  return name === undefined ? null : columnAt(table, name, "labelColumn");
}

function maskColumnOf(table: Table, { maskColumn }: ReaderOptions): number | null {
  const name = maskColumn ?? known(table, MASK_NAMES);
  return name === undefined ? null : columnAt(table, name, "maskColumn");
}

function pairColumnOf(table: Table, text: string, named: string | undefined): number | null {
  if (named !== undefined) return columnAt(table, named, "pairColumn");
  const usual = PAIR_NAMES[text];
  return usual === undefined || !table.columns.includes(usual) ? null : columnAt(table, usual, "pairColumn");
}
