import { extension } from "../platform/paths.ts";
import { imageExtensions } from "./decode-image.ts";
import { soundExtensions } from "./readers/sounds.ts";
import { type Cell, isList, numberOf, type Table, textOf } from "./readers/table.ts";

/** Rows that are looked at: enough to see what a column is, at once also in a large file. */
const LOOKED_AT = 2000;
/** Characters of an example that are shown. */
const SHOWN = 40;

/**
 * What the cells of a column are: texts (most of them different), names that come again, names that do not (such as
 * ids), whole numbers, numbers, lists of words or of whole numbers, files or paths of images or sounds, or nothing.
 */
export type ColumnKind =
  | "text"
  | "category"
  | "identifier"
  | "whole"
  | "number"
  | "list"
  | "image"
  | "audio"
  | "nothing";

export interface ColumnFacts {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Different values among the rows looked at. */
  readonly distinct: number;
  /** Rows looked at that are not empty. */
  readonly filled: number;
  /** The first value, cut to a few words. */
  readonly example: string;
  /** Whether values look like several names in one, parted by `;` or `|`. */
  readonly isJoined: boolean;
  /** Whether the file names what whole numbers stand for. */
  readonly isNamed: boolean;
}

/** What each column of a table holds, by its first rows. */
export async function columnFacts(table: Table): Promise<ColumnFacts[]> {
  const { columns, embedded } = table;
  const plain = [...columns.keys()].filter((c) => !embedded?.columns.includes(columns[c]!));
  const cells = plain.map((): Cell[] => []);
  let rows = 0;
  for await (const row of table.scan(plain)) {
    for (const [k, cell] of row.entries()) if (textOf(cell).trim() !== "") cells[k]!.push(cell);
    if (++rows === LOOKED_AT) break;
  }
  const files = (embedded?.columns ?? []).map(
    (name): ColumnFacts => ({
      name,
      kind: embedded?.isAudio(name) ? "audio" : "image",
      distinct: rows,
      filled: rows,
      example: "files",
      isJoined: false,
      isNamed: false,
    }),
  );
  return [...plain.map((c, k) => factsOf(table, columns[c]!, cells[k]!)), ...files];
}

function factsOf(table: Table, name: string, cells: readonly Cell[]): ColumnFacts {
  const texts = cells.map((cell) => textOf(cell).trim());
  const distinct = new Set(texts).size;
  const [first = ""] = texts;
  const kind = kindOf(cells, texts, distinct);
  return {
    name,
    kind,
    distinct,
    filled: cells.length,
    example: first.length > SHOWN ? `${first.slice(0, SHOWN)}…` : first,
    isJoined: kind === "category" || kind === "text" ? texts.some((t) => /\w\s*[;|]\s*\w/.test(t)) : false,
    isNamed: (table.classNames?.(name) ?? null) !== null,
  };
}

function kindOf(cells: readonly Cell[], texts: readonly string[], distinct: number): ColumnKind {
  if (cells.length === 0) return "nothing";
  if (cells.some(isList)) return "list";
  const allDiffer = distinct === cells.length;
  const numbers = cells.map(numberOf);
  if (!numbers.includes(null)) {
    if (!numbers.every(Number.isInteger)) return "number";
    // 1, 2, 3, … in whatever order are the numbers of the rows.
    const values = numbers.map((v) => v ?? 0);
    const span = values.reduce((m, v) => Math.max(m, v)) - values.reduce((m, v) => Math.min(m, v));
    return allDiffer && cells.length > 2 && span === cells.length - 1 ? "identifier" : "whole";
  }
  if (texts.every((t) => imageExtensions.includes(extension(t)))) return "image";
  if (texts.every((t) => soundExtensions.includes(extension(t)))) return "audio";
  if (distinct <= cells.length / 2 || (distinct <= 2 && cells.length > 2)) return "category";
  return texts.some((t) => /\s/.test(t)) ? "text" : allDiffer ? "identifier" : "category";
}
