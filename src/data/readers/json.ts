import { DataError, messageOf } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { basename, extension } from "../../platform/paths.ts";
import { listing } from "../dataset.ts";
import type { Reader } from "./reader.ts";
import { cellOf, type Table } from "./table.ts";
import { datasetOfTable } from "./table-dataset.ts";

/** One JSON array of objects, as instruction sets usually come. */
export const json: Reader = {
  name: "json",
  reads:
    "a .json file with an array of objects with a label or a response, and a text, numbers or an image path",
  detect: async (files, path) =>
    extension(path) === ".json" && (await files.stat(path))?.kind === "file" ? "ends in .json" : null,
  open: async (files, path, options) => datasetOfTable(await readJson(files, path), files, options),
};

/** A JSON array of objects as a table. @throws DataError if it is something else */
export async function readJson(files: Files, path: string): Promise<Table> {
  let content: unknown;
  try {
    content = JSON.parse((await files.readText(path)).replace(/^\ufeff/, ""));
  } catch (cause) {
    throw new DataError(`${path}: not readable as JSON (${messageOf(cause)})`, { cause });
  }
  const isObject = (row: unknown) => typeof row === "object" && row !== null && !Array.isArray(row);
  if (!Array.isArray(content)) throw new DataError(`${path}: holds no array of objects`);
  const odd = content.flatMap((row, i) => (isObject(row) ? [] : [String(i + 1)]));
  if (odd.length > 0) throw new DataError(`${path}: entries that are no objects: ${listing(odd)}`);
  const rows = content as Readonly<Record<string, unknown>>[];
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const row = (i: number, wanted: readonly number[]) => wanted.map((c) => cellOf(rows[i]![columns[c]!]));
  return {
    path,
    format: "json",
    columns,
    length: rows.length,
    rowName: (i) => `${basename(path)}:${i + 1}`,
    row: async (i, wanted) => row(i, wanted),
    async *scan(wanted) {
      for (let i = 0; i < rows.length; i++) yield row(i, wanted);
    },
  };
}
