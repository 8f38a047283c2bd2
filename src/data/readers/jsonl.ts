import { DataError, messageOf } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { extension } from "../../platform/paths.ts";
import { listing } from "../dataset.ts";
import type { Reader } from "./reader.ts";
import { type Cell, cellOf, type Table, tableOf } from "./table.ts";
import { datasetOfTable } from "./table-dataset.ts";

/** One JSON object a line. Keys that only some lines have are empty in the others. */
export const jsonl: Reader = {
  name: "jsonl",
  reads: "a .jsonl file of objects with a label, and a text, numbers or an image path",
  detect: async (files, path) =>
    extension(path) === ".jsonl" && (await files.stat(path))?.kind === "file" ? "ends in .jsonl" : null,
  open: async (files, path, options) => datasetOfTable(await readJsonl(files, path), files, options),
};

/** A file of JSON objects, one a line, as a table. @throws DataError listing the lines that are none */
export async function readJsonl(files: Files, path: string): Promise<Table> {
  const rows: Record<string, unknown>[] = [];
  const broken: string[] = [];
  const lines = (await files.readText(path)).replace(/^\ufeff/, "").split("\n");
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    try {
      const row = JSON.parse(line) as unknown;
      if (typeof row !== "object" || row === null || Array.isArray(row)) throw new Error("not an object");
      rows.push(row as Record<string, unknown>); // a non-null object that is no array
    } catch (error) {
      broken.push(`line ${i + 1} (${messageOf(error)})`);
    }
  }
  if (broken.length > 0)
    throw new DataError(`${path}: lines that are no JSON objects: ${listing(broken, "; ")}`);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (row: number, column: number): Cell => cellOf(rows[row]![columns[column]!]);
  return tableOf({ path, format: "jsonl", columns, length: rows.length }, cell);
}
