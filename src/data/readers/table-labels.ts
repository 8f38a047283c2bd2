import { DataError } from "../../errors.ts";
import { type Labels, positionsOfOnes, severalLabels, sortedNames } from "./labels.ts";
import { createProblems } from "./problems.ts";
import type { ReaderOptions } from "./reader.ts";
import { type Cell, isList, numberOf, type Table, textOf } from "./table.ts";

/** Takes the label cells of one row after the other. */
export interface LabelCollector {
  /** @param row for messages, as the table names it */
  add(cells: readonly Cell[], row: string): void;
  /** @throws DataError that lists the rows whose labels cannot be used */
  finish(): Labels;
}

const SEPARATORS = /[;|]/;

/** What gathers the labels of a table from its label columns. */
export function labelCollector(
  table: Table,
  columns: readonly number[],
  options: ReaderOptions,
): LabelCollector {
  const { labelling = "class", labelSeparator } = options;
  const names = columns.map((c) => table.columns[c]!); // positions in them
  if (labelling === "numbers") return numbers(table.path);
  if (labelling === "class") return oneClass(table, names[0]!);
  if (names.length > 1) return zerosAndOnes(table.path, names);
  return listedClasses(table, names[0]!, labelSeparator ?? SEPARATORS);
}

/** Gives each name a number, in order of appearance, and in the end the classes and what became of those numbers. */
export function createNumbering(given: readonly string[] | null): {
  /** The provisional number of a cell; null where the file names its classes and this is none of them. */
  readonly of: (cell: Cell) => number | null;
  readonly finish: () => {
    readonly classes: readonly string[];
    readonly to: (provisional: number) => number;
  };
} {
  if (given !== null) {
    const of = (cell: Cell) => {
      const c = numberOf(cell);
      return c !== null && given[c] !== undefined ? c : null;
    };
    return { of, finish: () => ({ classes: given, to: (c) => c }) };
  }
  const seen = new Map<string, number>();
  return {
    of(cell) {
      const name = textOf(cell).trim();
      const known = seen.get(name) ?? seen.size;
      seen.set(name, known);
      return known;
    },
    finish() {
      const classes = sortedNames(seen.keys());
      const indexOf = new Map(classes.map((name, c) => [name, c]));
      const order = [...seen.keys()].map((name) => indexOf.get(name)!); // sorted, they are the same names
      return { classes, to: (c) => order[c]! };
    },
  };
}

function oneClass(table: Table, column: string): LabelCollector {
  const given = table.classNames?.(column) ?? null;
  const numbering = createNumbering(given);
  const values: number[] = [];
  const [empty, odd, lists] = [createProblems(), createProblems(), createProblems()];
  return {
    add([cell = null], row) {
      if (isList(cell)) return lists.add(row);
      if (textOf(cell).trim() === "") return empty.add(row);
      const value = numbering.of(cell);
      if (value === null) odd.add(`${row} (${textOf(cell)})`);
      else values.push(value);
    },
    finish() {
      lists.throwIfAny(
        `${table.path}: lists in column "${column}", one class is expected (several are another task, ` +
          "multi-label), in rows",
      );
      empty.throwIfAny(`${table.path}: no label in rows`);
      odd.throwIfAny(
        `${table.path}: the file names ${given?.length} classes, none of which is the label of rows`,
      );
      const { classes, to } = numbering.finish();
      return { labelling: "class", classes, values: values.map(to) };
    },
  };
}

/** Several classes in one cell: a list, or a string with separators. No class at all is a label too. */
function listedClasses(table: Table, column: string, separator: RegExp | string): LabelCollector {
  const given = table.classNames?.(column) ?? null;
  const numbering = createNumbering(given);
  const rows: number[][] = [];
  const odd = createProblems();
  return {
    add([cell = null], row) {
      const parts = isList(cell) ? cell : textOf(cell).split(separator);
      const labels = parts.filter((part) => textOf(part).trim() !== "").map(numbering.of);
      const fits = labels.filter((c) => c !== null);
      if (fits.length < labels.length) odd.add(`${row} (${textOf(cell)})`);
      rows.push([...new Set(fits)]);
    },
    finish() {
      odd.throwIfAny(`${table.path}: the file names ${given?.length} classes, others stand in rows`);
      const { classes, to } = numbering.finish();
      if (classes.length === 0)
        throw new DataError(`${table.path}: no label in any row of column "${column}"`);
      const sorted = rows.map((labels) => labels.map(to).sort((a, b) => a - b));
      return severalLabels("classes", classes, sorted);
    },
  };
}

function zerosAndOnes(path: string, classes: readonly string[]): LabelCollector {
  const rows: number[][] = [];
  const odd = createProblems();
  return {
    add(cells, row) {
      const values = cells.map((cell) => numberOf(typeof cell === "boolean" ? Number(cell) : cell));
      const k = values.findIndex((v) => v !== 0 && v !== 1);
      if (k >= 0) odd.add(`${row} ("${classes[k]}": ${JSON.stringify(textOf(cells[k] ?? null))})`);
      rows.push(positionsOfOnes(values.map((v) => v ?? 0)));
    },
    finish() {
      odd.throwIfAny(`${path}: labels that are not 0 or 1, in rows`);
      return severalLabels("classes", classes, rows);
    },
  };
}

/** Numbers to regress on: one column for each, or a list in one column. */
function numbers(path: string): LabelCollector {
  const rows: number[][] = [];
  const [odd, uneven] = [createProblems(), createProblems()];
  let width: number | null = null;
  return {
    add(cells, row) {
      const [first = null] = cells;
      const parts = cells.length === 1 && isList(first) ? first : cells;
      const values = parts.map(numberOf);
      width ??= values.length;
      if (values.includes(null) || values.length === 0)
        odd.add(`${row} (${parts.map((part) => JSON.stringify(textOf(part))).join(", ")})`);
      else if (values.length !== width) uneven.add(`${row} (${values.length})`);
      rows.push(values.map((v) => v ?? 0));
    },
    finish() {
      odd.throwIfAny(`${path}: labels that are no numbers, in rows`);
      uneven.throwIfAny(`${path}: the first row has ${width} numbers, others have rows`);
      return severalLabels("numbers", null, rows);
    },
  };
}
