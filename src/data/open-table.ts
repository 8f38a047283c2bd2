import type { Files } from "../platform/files.ts";
import { extension } from "../platform/paths.ts";
import { readSeparated } from "./readers/csv.ts";
import { readJson } from "./readers/json.ts";
import { readJsonl } from "./readers/jsonl.ts";
import { readParquet } from "./readers/parquet.ts";
import { filesOf, openShards } from "./readers/shards.ts";
import type { Table } from "./readers/table.ts";

/** What reads a table, by the ending of its file. */
const TABLES: Readonly<Record<string, (files: Files, path: string) => Promise<Table>>> = {
  ".csv": (files, path) => readSeparated(files, path, null),
  ".tsv": (files, path) => readSeparated(files, path, "\t"),
  ".jsonl": readJsonl,
  ".json": readJson,
  ".parquet": readParquet,
};

/**
 * The table at a path, several files with a `*` in it as one; null where the ending is none of a table's.
 *
 * @throws DataError if it cannot be read
 */
export async function openTable(files: Files, path: string): Promise<Table | null> {
  const read = TABLES[extension(path)];
  if (read === undefined || (await filesOf(files, path)).length === 0) return null;
  return openShards(files, path, (at) => read(files, at));
}
