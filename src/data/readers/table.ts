import { DataError } from "../../errors.ts";

/** What a cell of a table may hold; null is an empty one. */
export type Scalar = string | number | bigint | boolean | null;
export type Cell = Scalar | readonly Scalar[];

/** Rows of named columns, whatever file they come from. The cells stay in the file until they are asked for. */
export interface Table {
  readonly path: string;
  /** Name of the reader. */
  readonly format: string;
  readonly columns: readonly string[];
  readonly length: number;
  /** The cells of some columns, by position in `columns`, row after row from the first: for labels and checks. */
  scan(columns: readonly number[]): AsyncIterable<readonly Cell[]>;
  /** The cells of some columns of one row. */
  row(row: number, columns: readonly number[]): Promise<readonly Cell[]>;
  /** A row as messages and examples name it, `train.csv:7`. */
  rowName(row: number): string;
  /** What the cells of a column of class numbers stand for, where the file says so. */
  classNames?(column: string): readonly string[] | null;
  /** Columns whose cells are whole files, such as images, and the bytes of one; `scan` and `row` leave them out. */
  readonly embedded?: {
    readonly columns: readonly string[];
    /** Whether the file says that a column is of sounds. */
    isAudio(column: string): boolean;
    bytes(row: number, column: string): Promise<Uint8Array>;
  };
}

/** The cell that a value from a file stands for; what is neither a scalar nor a list of them becomes JSON. */
export function cellOf(value: unknown): Cell {
  if (isScalar(value)) return value;
  if (value === undefined) return null;
  if (Array.isArray(value) && value.every(isScalar)) return value;
  return jsonOf(value);
}

function jsonOf(value: unknown): string {
  // Whole numbers of 64 bits have no form in JSON.
  return JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? v.toString() : v));
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ["string", "number", "bigint", "boolean"].includes(typeof value);
}

export function textOf(cell: Cell): string {
  if (cell === null) return "";
  return Array.isArray(cell) ? jsonOf(cell) : String(cell);
}

/** A finite number, or null where the cell holds none. */
export function numberOf(cell: Cell): number | null {
  const text = textOf(cell).trim();
  const value = Number(text);
  return text !== "" && Number.isFinite(value) ? value : null;
}

/** Whether a cell is a list; `Array.isArray` does not tell read-only ones from scalars. */
export function isList(cell: Cell): cell is readonly Scalar[] {
  return Array.isArray(cell);
}

/** A column by its name. @param key the setting that names it @throws DataError naming the columns there are */
export function columnAt(table: Table, name: string, key: string): number {
  const found = table.columns.indexOf(name);
  if (found >= 0) return found;
  throw new DataError(
    `${table.path}: no column "${name}", it has ${table.columns.join(", ")}; name the right one with ${key}`,
    { details: { path: table.path, column: name, columns: table.columns, setting: key } },
  );
}
