import { ConfigError, DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { basename, dirname, resolveInside } from "../../platform/paths.ts";
import { type Dataset, listing, type SampleKind, type Text } from "../dataset.ts";
import { decodeImage } from "../decode-image.ts";
import { type Labels, labelsOfNames } from "./labels.ts";
import type { ReaderOptions } from "./reader.ts";

/** What a cell of a table may hold; null is an empty one. */
export type Cell = string | number | bigint | boolean | null;

/** Rows of named columns, whatever file they come from. */
export interface Table {
  readonly path: string;
  /** Name of the reader. */
  readonly format: string;
  readonly columns: readonly string[];
  readonly length: number;
  readonly cell: (row: number, column: number) => Cell;
  /** What the cells of a column of class numbers stand for, where the file says so. */
  readonly classNames?: (column: string) => readonly string[] | null;
  /** Columns whose cells are image files, and the bytes of one. */
  readonly images?: {
    readonly columns: readonly string[];
    readonly bytes: (row: number, column: string) => Promise<Uint8Array>;
  };
}

/** Names under which the text and the label of an example usually stand. */
const TEXT_NAMES: readonly string[] = ["text", "sentence", "sentence1", "premise", "question"];
const PAIR_NAMES: Readonly<Record<string, string>> = { sentence1: "sentence2", premise: "hypothesis" };
const LABEL_NAMES: readonly string[] = ["label", "labels"];

/** What the columns of a table are for. */
interface Plan {
  readonly label: number;
  readonly content:
    | { readonly kind: "image"; readonly column: number }
    | { readonly kind: "text"; readonly column: number; readonly pair: number | null }
    | { readonly kind: "array"; readonly columns: readonly number[] };
}

/**
 * A table as labelled examples: a label column, and either a text column (with a second one for pairs), a column of
 * images, or columns of numbers, which go to the model as float32 [features].
 *
 * @throws DataError, ConfigError naming the columns there are and the setting that chooses one
 */
export async function datasetOfTable(table: Table, files: Files, options: ReaderOptions): Promise<Dataset> {
  if (table.length === 0) throw new DataError(`${table.path}: no rows below a header line`);
  const plan = planOf(table, options);
  const labels = options.task === "regression" ? numbersIn(table, plan.label) : classesIn(table, plan.label);
  const content = await contentOf(table, plan.content, files);
  return {
    source: table.path,
    format: table.format,
    classes: labels.classes,
    length: table.length,
    warnings: [],
    label: (i) => labels.values[i]!,
    ...content,
  };
}

function planOf(table: Table, options: ReaderOptions): Plan {
  const { textColumn, pairColumn, imageColumn, featureColumns } = options;
  const given = Object.entries({ textColumn, imageColumn, featureColumns }).filter(
    ([, v]) => v !== undefined,
  );
  if (given.length > 1)
    throw new ConfigError(
      `${given.map(([key]) => key).join(" and ")} exclude each other: an example is one thing`,
    );
  const { columns } = table;
  const at = (name: string, key: string): number => {
    const found = columns.indexOf(name);
    if (found >= 0) return found;
    throw new DataError(
      `${table.path}: no column "${name}", it has ${columns.join(", ")}; name the right one with ${key}`,
    );
  };
  const known = (names: readonly string[]) => names.find((name) => columns.includes(name));
  const label = at(options.labelColumn ?? known(LABEL_NAMES) ?? "label", "labelColumn");
  const pair = (text: string): number | null => {
    const named = pairColumn ?? PAIR_NAMES[text];
    if (named === undefined || (pairColumn === undefined && !columns.includes(named))) return null;
    return at(named, "pairColumn");
  };
  if (featureColumns !== undefined)
    return { label, content: { kind: "array", columns: featureColumns.map((c) => at(c, "featureColumns")) } };
  if (textColumn !== undefined)
    return { label, content: { kind: "text", column: at(textColumn, "textColumn"), pair: pair(textColumn) } };
  const image = imageColumn ?? table.images?.columns[0] ?? known(["image"]);
  if (image !== undefined) return { label, content: { kind: "image", column: at(image, "imageColumn") } };
  const text = known(TEXT_NAMES);
  if (text !== undefined)
    return { label, content: { kind: "text", column: at(text, "textColumn"), pair: pair(text) } };
  return { label, content: { kind: "array", columns: [...columns.keys()].filter((c) => c !== label) } };
}

/** The texts of a table that need have no labels, by the column named or found by its usual names. */
export function textsOfTable(
  table: Table,
  { textColumn, pairColumn }: Pick<ReaderOptions, "textColumn" | "pairColumn">,
): Text[] {
  const name = textColumn ?? TEXT_NAMES.find((n) => table.columns.includes(n));
  const at = (column: string | undefined) => (column === undefined ? -1 : table.columns.indexOf(column));
  const usual = name === undefined ? undefined : PAIR_NAMES[name];
  const [text, pair] = [at(name), at(pairColumn ?? usual)];
  if (text < 0 || (pairColumn !== undefined && pair < 0)) {
    const missing = text < 0 ? (textColumn ?? TEXT_NAMES.join(" or ")) : pairColumn;
    throw new DataError(
      `${table.path}: no column ${missing} of texts, it has ${table.columns.join(", ")}; name it with textColumn`,
    );
  }
  return Array.from({ length: table.length }, (_, i) => ({
    kind: "text",
    text: textOf(table.cell(i, text)),
    ...(pair < 0 ? {} : { pair: textOf(table.cell(i, pair)) }),
  }));
}

type Content = Pick<Dataset, "kind" | "name" | "load"> & { readonly kind: SampleKind };

async function contentOf(table: Table, plan: Plan["content"], files: Files): Promise<Content> {
  const rowName = (i: number) => `${basename(table.path)}:${i + 1}`;
  if (plan.kind === "text") {
    const empty = rowsWhere(table, (row) => textOf(table.cell(row, plan.column)).trim() === "");
    if (empty.length > 0)
      throw new DataError(
        `${table.path}: no text in column "${table.columns[plan.column]}" in rows ${listing(empty)}`,
      );
    return {
      kind: "text",
      name: rowName,
      load: async (i) => ({
        kind: "text",
        text: textOf(table.cell(i, plan.column)),
        ...(plan.pair === null ? {} : { pair: textOf(table.cell(i, plan.pair)) }),
      }),
    };
  }
  if (plan.kind === "array") return { ...features(table, plan.columns), name: rowName };
  const column = table.columns[plan.column]!; // an index into them
  const { images } = table;
  if (images?.columns.includes(column)) {
    return {
      kind: "image",
      name: rowName,
      load: async (i) => decodeImage(await images.bytes(i, column), `${table.path} row ${i + 1}`),
    };
  }
  const names = Array.from({ length: table.length }, (_, i) => textOf(table.cell(i, plan.column)));
  const paths = names.map((name) => resolveInside(dirname(table.path), name));
  const there = await Promise.all(paths.map((p) => files.exists(p)));
  const missing = paths.filter((_, i) => !there[i]);
  if (missing.length > 0)
    throw new DataError(`${table.path}: ${missing.length} images are missing: ${listing(missing)}`);
  return {
    kind: "image",
    name: (i) => names[i]!,
    load: async (i) => decodeImage(await files.read(paths[i]!), paths[i]!),
  };
}

function features(table: Table, columns: readonly number[]): Pick<Content, "kind" | "load"> {
  if (columns.length === 0) throw new DataError(`${table.path}: no column besides the label`);
  const data = new Float32Array(table.length * columns.length);
  const odd = new Map<number, string>();
  for (let row = 0; row < table.length; row++) {
    for (const [k, c] of columns.entries()) {
      const value = numberOf(table.cell(row, c));
      if (value !== null) data[row * columns.length + k] = value;
      else if (!odd.has(c))
        odd.set(c, `"${table.columns[c]}" (row ${row + 1}: ${JSON.stringify(textOf(table.cell(row, c)))})`);
    }
  }
  if (odd.size > 0) {
    throw new DataError(
      `${table.path}: columns with values that are no numbers: ${listing([...odd.values()])}. Name the columns to use with ` +
        `featureColumns, the one of texts with textColumn, or the one of image paths with imageColumn.`,
    );
  }
  const dims = [columns.length];
  const at = (i: number) => data.subarray(i * columns.length, (i + 1) * columns.length);
  return { kind: "array", load: async (i) => ({ kind: "array", dims, data: at(i) }) };
}

function classesIn(table: Table, column: number): Labels {
  const cells = Array.from({ length: table.length }, (_, i) => textOf(table.cell(i, column)).trim());
  const empty = cells.flatMap((cell, r) => (cell === "" ? [`${r + 1}`] : []));
  if (empty.length > 0) throw new DataError(`${table.path}: no label in rows ${listing(empty)}`);
  const names = table.classNames?.(table.columns[column]!); // an index into them
  if (!names) return labelsOfNames(cells);
  const values = cells.map(Number);
  const odd = values.flatMap((v, r) => (names[v] === undefined ? [`${r + 1} (${cells[r]})`] : []));
  if (odd.length > 0) {
    throw new DataError(
      `${table.path}: the file names ${names.length} classes, and labels of rows ${listing(odd)} are none of them`,
    );
  }
  return { classes: names, values };
}

function numbersIn(table: Table, column: number): Labels {
  const values = Array.from({ length: table.length }, (_, i) => numberOf(table.cell(i, column)));
  const odd = values.flatMap((v, r) =>
    v === null ? [`${r + 1} (${JSON.stringify(textOf(table.cell(r, column)))})`] : [],
  );
  if (odd.length > 0)
    throw new DataError(`${table.path}: labels that are no numbers, in rows ${listing(odd)}`);
  return { classes: null, values: values.map((v) => v ?? 0) };
}

function rowsWhere(table: Table, holds: (row: number) => boolean): string[] {
  return Array.from({ length: table.length }, (_, i) => i).flatMap((i) => (holds(i) ? [`${i + 1}`] : []));
}

function textOf(cell: Cell): string {
  return cell === null ? "" : String(cell);
}

function numberOf(cell: Cell): number | null {
  const text = textOf(cell).trim();
  const value = Number(text);
  return text !== "" && Number.isFinite(value) ? value : null;
}
