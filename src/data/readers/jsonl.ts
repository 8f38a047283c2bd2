import { DataError, messageOf } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { basename } from "../../platform/paths.ts";
import { openPagedFile } from "../formats/paged-file.ts";
import { indexRows, lineScanner } from "../formats/text-rows.ts";
import { createProblems } from "./problems.ts";
import type { Reader } from "./reader.ts";
import { looksLikeTable, openShards } from "./shards.ts";
import { cellOf, type Table } from "./table.ts";
import { datasetOfTable } from "./table-dataset.ts";

/** One JSON object a line. Keys that only some lines have are empty in the others. */
export const jsonl: Reader = {
  name: "jsonl",
  reads: "a .jsonl file of objects with a label, and a text, numbers or an image path",
  detect: (files, path) => looksLikeTable(files, path, ".jsonl"),
  open: async (files, path, options) =>
    datasetOfTable(await openShards(files, path, (at) => readJsonl(files, at)), files, options),
};

/** A file of JSON objects, one a line, as a table. @throws DataError listing the lines that are none */
export async function readJsonl(files: Files, path: string): Promise<Table> {
  const lines = await indexRows(await openPagedFile(files, path), lineScanner);
  const broken = createProblems("; ");
  const columns = new Map<string, number>();
  // Lines that hold a row: empty ones hold none.
  const rows: number[] = [];
  for (let i = 0; i < lines.length; i++) {
    const text = await lines.text(i);
    if (text.trim() === "") continue;
    try {
      for (const key of Object.keys(objectOf(text))) if (!columns.has(key)) columns.set(key, columns.size);
      rows.push(i);
    } catch (error) {
      broken.add(`line ${i + 1} (${messageOf(error)})`);
    }
  }
  broken.throwIfAny(`${path}: lines that are no JSON objects:`);
  if (rows.length === 0) throw new DataError(`${path}: no line holds a JSON object`);
  const fileName = basename(path);
  const names = [...columns.keys()];
  const row = async (i: number, wanted: readonly number[]) => {
    const object = objectOf(await lines.text(rows[i]!));
    return wanted.map((c) => cellOf(object[names[c]!])); // positions in the columns
  };
  return {
    path,
    format: "jsonl",
    columns: names,
    length: rows.length,
    rowName: (i) => `${fileName}:${i + 1}`,
    row,
    async *scan(wanted) {
      for (let i = 0; i < rows.length; i++) yield await row(i, wanted);
    },
  };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  const value = JSON.parse(text) as unknown;
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>; // a non-null object that is no array
  throw new Error("not an object");
}
