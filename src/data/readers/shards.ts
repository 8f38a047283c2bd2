import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { basename, dirname, extension, joinPath } from "../../platform/paths.ts";
import { listing } from "../dataset.ts";
import { createProblems } from "./problems.ts";
import type { Table } from "./table.ts";

/** The count in `train-00000-of-00005.parquet`. */
const OF_COUNT = /-of-0*(\d+)/;

/** Whether a path names several files: its last part has a `*`, which stands for any text. */
export function isPattern(path: string): boolean {
  return basename(path).includes("*");
}

/**
 * The files of a pattern in order of their names; a path without one stands for itself.
 *
 * @throws DataError if files say how many they are (`-of-00005`), and there are others
 */
export async function filesOf(files: Files, path: string): Promise<readonly string[]> {
  if (!isPattern(path)) return (await files.stat(path))?.kind === "file" ? [path] : [];
  const folder = dirname(path);
  if ((await files.stat(folder))?.kind !== "folder") return [];
  const parts = basename(path).split("*");
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`^${escaped.join(".*")}$`);
  const names = (await files.list(folder))
    .filter((e) => e.kind === "file" && pattern.test(e.name))
    .map((e) => e.name);
  const stated = names.map((name) => Number(OF_COUNT.exec(name)?.[1] ?? names.length));
  const odd = stated.find((n) => n !== names.length);
  if (odd !== undefined) {
    throw new DataError(
      `${path}: ${names.length} files, but their names say that there are ${odd}: ${listing(names)}`,
    );
  }
  return names.map((name) => joinPath(folder, name));
}

/** For a table reader's `detect`: why a path looks like files of an ending. */
export async function looksLikeTable(files: Files, path: string, ending: string): Promise<string | null> {
  if (extension(path) !== ending) return null;
  return (await filesOf(files, path)).length > 0 ? `ends in ${ending}` : null;
}

/**
 * The table in a file, or those in the files of a pattern as one, in order of the files' names.
 *
 * @throws DataError if files have other columns or class names than the first
 */
export async function openShards(
  files: Files,
  path: string,
  open: (path: string) => Promise<Table>,
): Promise<Table> {
  const paths = await filesOf(files, path);
  const tables: Table[] = [];
  for (const at of paths) tables.push(await open(at));
  const [first, ...others] = tables;
  if (first === undefined) throw new DataError(`${path}: no such file`);
  if (others.length === 0) return first;
  const uneven = createProblems("; ");
  for (const table of others) {
    const missing = first.columns.filter((c) => !table.columns.includes(c));
    const more = table.columns.filter((c) => !first.columns.includes(c));
    if (missing.length + more.length > 0)
      uneven.add(
        `${table.path} ${missing.length > 0 ? `lacks ${missing.join(", ")}` : `has ${more.join(", ")} too`}`,
      );
    const names = (t: Table) => JSON.stringify(t.columns.map((c) => t.classNames?.(c) ?? null));
    if (missing.length + more.length === 0 && names(sameOrder(table, first)) !== names(first))
      uneven.add(`${table.path} names other classes`);
  }
  uneven.throwIfAny(
    `${path}: the files are not of one table. The first one has the columns ${first.columns.join(", ")};`,
  );
  return concatenated(path, [first, ...others.map((table) => sameOrder(table, first))]);
}

/** A table with the columns in the order that another one has them. */
function sameOrder(table: Table, like: Table): Table {
  const to = like.columns.map((c) => table.columns.indexOf(c));
  const moved = (columns: readonly number[]) => columns.map((c) => to[c]!); // positions in like.columns
  return {
    ...table,
    columns: like.columns,
    scan: (columns) => table.scan(moved(columns)),
    row: (i, columns) => table.row(i, moved(columns)),
  };
}

/** Rows of several tables of the same columns, one table behind the other. */
function concatenated(path: string, tables: readonly Table[]): Table {
  const first = tables[0]!; // the caller has one at least
  const starts = [0];
  for (const table of tables) starts.push(starts.at(-1)! + table.length);
  const at = (row: number): readonly [Table, number] => {
    const t = starts.findLastIndex((start) => start <= row);
    return [tables[t]!, row - starts[t]!]; // row is below the sum of all lengths
  };
  return {
    ...first,
    path,
    length: starts.at(-1)!,
    rowName(row) {
      const [table, i] = at(row);
      return table.rowName(i);
    },
    async *scan(columns) {
      for (const table of tables) yield* table.scan(columns);
    },
    async row(row, columns) {
      const [table, i] = at(row);
      return table.row(i, columns);
    },
    ...(first.embedded
      ? {
          embedded: {
            ...first.embedded,
            async bytes(row, column) {
              const [table, i] = at(row);
              return table.embedded!.bytes(i, column); // all have the same columns
            },
          },
        }
      : {}),
  };
}
