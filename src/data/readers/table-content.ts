import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { dirname, resolveInside } from "../../platform/paths.ts";
import { type Dataset, listing } from "../dataset.ts";
import { decodeImage } from "../decode-image.ts";
import { createProblems } from "./problems.ts";
import { type Cell, numberOf, type Table, textOf } from "./table.ts";
import type { Plan } from "./table-plan.ts";
import { wordCollector } from "./table-words.ts";

/** What examples are made of, and how one is loaded; `classes` where they lie in the examples. */
export type Content = Pick<Dataset, "kind" | "name" | "load"> & {
  readonly classes?: readonly string[] | null;
};

/** Checks the content cells of one row after the other. */
export interface ContentCollector {
  /** The columns that `add` is given the cells of. */
  readonly columns: readonly number[];
  add(cells: readonly Cell[], row: number): void;
  /** @throws DataError that lists the rows that cannot be used */
  finish(): Promise<Content>;
}

export function contentCollector(table: Table, plan: Plan["content"], files: Files): ContentCollector {
  if (plan.kind === "array") return features(table, plan.columns);
  if (plan.kind === "text") return texts(table, plan);
  return images(table, plan.column, files);
}

function texts(table: Table, plan: Extract<Plan["content"], { kind: "text" }>): ContentCollector {
  const columns = plan.pair === null ? [plan.column] : [plan.column, plan.pair];
  const words = wordCollector(table, plan.column, plan.tags);
  const empty = createProblems();
  return {
    columns: plan.tags === null ? columns : [plan.column, plan.tags],
    add(cells, row) {
      if (words.take(cells, table.rowName(row))) return;
      if (textOf(cells[0] ?? null).trim() === "") empty.add(table.rowName(row));
    },
    async finish() {
      empty.throwIfAny(`${table.path}: no text in column "${table.columns[plan.column]}" in rows`);
      const found = words.finish();
      if (found !== null) return { kind: "text", name: (i) => table.rowName(i), ...found };
      return {
        kind: "text",
        name: (i) => table.rowName(i),
        async load(i) {
          const [text = null, pair] = await table.row(i, columns);
          return {
            kind: "text",
            text: textOf(text),
            ...(pair === undefined ? {} : { pair: textOf(pair) }),
          };
        },
      };
    },
  };
}

/** Columns of numbers as float32 [features]. */
function features(table: Table, columns: readonly number[]): ContentCollector {
  if (columns.length === 0) throw new DataError(`${table.path}: no column besides the label`);
  const odd = new Map<number, string>();
  return {
    columns,
    add(cells, row) {
      for (const [k, cell] of cells.entries()) {
        if (odd.has(k) || numberOf(cell) !== null) continue;
        const column = table.columns[columns[k]!]; // a cell for each of them
        odd.set(k, `"${column}" (${table.rowName(row)}: ${JSON.stringify(textOf(cell))})`);
      }
    },
    async finish() {
      if (odd.size > 0) {
        throw new DataError(
          `${table.path}: columns with values that are no numbers: ${listing([...odd.values()])}. Name the columns to ` +
            "use with featureColumns, the one of texts with textColumn, or the one of image paths with imageColumn.",
        );
      }
      const dims = [columns.length];
      return {
        kind: "array",
        name: (i) => table.rowName(i),
        load: async (i) => ({
          kind: "array",
          dims,
          data: Float32Array.from(await table.row(i, columns), (cell) => numberOf(cell) ?? Number.NaN),
        }),
      };
    },
  };
}

/** Files inside the table, or paths relative to it. */
function images(table: Table, column: number, files: Files): ContentCollector {
  const name = table.columns[column]!; // a position in them
  const { embedded } = table;
  if (embedded?.columns.includes(name)) {
    return {
      columns: [],
      add: () => undefined,
      finish: async () => ({
        kind: "image",
        name: (i) => table.rowName(i),
        load: async (i) => decodeImage(await embedded.bytes(i, name), table.rowName(i)),
      }),
    };
  }
  const names: string[] = [];
  return {
    columns: [column],
    add: ([cell = null]) => void names.push(textOf(cell)),
    async finish() {
      const path = (i: number) => resolveInside(dirname(table.path), names[i]!);
      const missing = createProblems();
      for (let i = 0; i < names.length; i++) {
        if ((await files.stat(path(i)))?.kind !== "file") missing.add(`${path(i)} (${table.rowName(i)})`);
      }
      missing.throwIfAny(`${table.path}: images are missing:`);
      return {
        kind: "image",
        name: (i) => names[i]!,
        load: async (i) => decodeImage(await files.read(path(i)), path(i)),
      };
    },
  };
}
