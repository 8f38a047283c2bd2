import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { extension } from "../../platform/paths.ts";
import { listing } from "../dataset.ts";
import { parseCsv } from "../formats/csv-text.ts";
import type { Reader } from "./reader.ts";
import { type Table, tableOf } from "./table.ts";
import { datasetOfTable } from "./table-dataset.ts";

/** A file of separated values with a header line. */
function separated(name: string, separator: string, reads: string): Reader {
  return {
    name,
    reads,
    detect: async (files, path) =>
      extension(path) === `.${name}` && (await isFile(files, path)) ? `ends in .${name}` : null,
    open: async (files, path, options) =>
      datasetOfTable(await readSeparated(files, path, separator), files, options),
  };
}

/** A file of separated values as a table. @throws DataError for rows of other lengths than the header */
export async function readSeparated(files: Files, path: string, separator: string): Promise<Table> {
  const [header, ...rows] = parseCsv(await files.readText(path), path, separator);
  if (header === undefined || rows.length === 0) throw new DataError(`${path}: no rows below a header line`);
  const uneven = rows.flatMap((row, r) =>
    row.length === header.length ? [] : [`row ${r + 1} has ${row.length}`],
  );
  if (uneven.length > 0) {
    throw new DataError(`${path}: the header has ${header.length} fields, but ${listing(uneven)}`);
  }
  const cell = (row: number, column: number) => rows[row]![column]!; // rows are as wide as the header
  const format = separator === "," ? "csv" : "tsv";
  return tableOf({ path, format, columns: header, length: rows.length }, cell);
}

async function isFile(files: Files, path: string): Promise<boolean> {
  return (await files.stat(path))?.kind === "file";
}

export const csv: Reader = separated(
  "csv",
  ",",
  "a .csv file with a header, a label column, and texts, numbers or an image column",
);

export const tsv: Reader = separated(
  "tsv",
  "\t",
  "a .tsv file with a header, a label column, and texts, numbers or an image column",
);
