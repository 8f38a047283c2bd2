import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { basename } from "../../platform/paths.ts";
import { csvScanner, fieldsOf, separatorOf } from "../formats/csv-text.ts";
import { openPagedFile } from "../formats/paged-file.ts";
import { indexRows } from "../formats/text-rows.ts";
import { createProblems } from "./problems.ts";
import type { Reader } from "./reader.ts";
import { looksLikeTable, openShards } from "./shards.ts";
import type { Table } from "./table.ts";
import { datasetOfTable } from "./table-dataset.ts";

// Enough rows to tell what separates their fields.
const START_BYTES = 1 << 16;

/** A file of separated values with a header line. */
function separated(name: string, separator: string | null, reads: string): Reader {
  return {
    name,
    reads,
    detect: (files, path) => looksLikeTable(files, path, `.${name}`),
    open: async (files, path, options) => {
      const open = (at: string) => readSeparated(files, at, separator);
      return datasetOfTable(await openShards(files, path, open), files, options);
    },
  };
}

/**
 * A file of separated values as a table. The file is gone through once to find its rows, and read again when they are
 * wanted.
 *
 * @param given the separator; null tells it from the first rows: comma, semicolon, tab or bar
 * @throws DataError for rows of other lengths than the header
 */
export async function readSeparated(files: Files, path: string, given: string | null): Promise<Table> {
  const file = await openPagedFile(files, path);
  const start = await file.range(0, Math.min(file.bytes, START_BYTES));
  const separator = given ?? separatorOf(start, start.length === file.bytes);
  const uneven = createProblems();
  let width: number | null = null;
  let found = 0;
  const rows = await indexRows(file, (onRow) =>
    csvScanner(separator, (start, end, fields) => {
      width ??= fields;
      if (fields !== width) uneven.add(`row ${found} has ${fields}`);
      found++;
      onRow(start, end);
    }),
  );
  if (rows.length < 2) throw new DataError(`${path}: no rows below a header line`);
  uneven.throwIfAny(`${path}: the header has ${width} fields, but`);
  const name = basename(path);
  const rowName = (row: number) => `${name}:${row + 1}`;
  const header = fieldsOf(await rows.text(0), `${path}: header`, separator);
  const twice = header.filter((name, c) => header.indexOf(name) !== c);
  if (twice.length > 0)
    throw new DataError(`${path}: the header names columns twice: ${[...new Set(twice)].join(", ")}`);
  // The header is the first row.
  const row = async (i: number, columns: readonly number[]): Promise<string[]> => {
    const fields = fieldsOf(await rows.text(i + 1), rowName(i), separator);
    return columns.map((c) => fields[c]!); // rows are as wide as the header
  };
  return {
    path,
    format: given === null ? "csv" : "tsv",
    columns: header,
    length: rows.length - 1,
    rowName,
    row,
    async *scan(columns) {
      for (let i = 0; i < rows.length - 1; i++) yield await row(i, columns);
    },
  };
}

export const csv: Reader = separated(
  "csv",
  null,
  "a .csv file with a header, a label column, and texts, numbers or an image column",
);

export const tsv: Reader = separated(
  "tsv",
  "\t",
  "a .tsv file with a header, a label column, and texts, numbers or an image column",
);
