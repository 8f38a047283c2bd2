import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { DataError, HoldfastError, messageOf } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { basename } from "../../platform/paths.ts";
import { openParquetPages, rowStarts } from "../formats/parquet-pages.ts";
import { createRecent } from "../formats/recent.ts";
import type { Reader } from "./reader.ts";
import { looksLikeTable, openShards } from "./shards.ts";
import { cellOf, type Table } from "./table.ts";
import { datasetOfTable } from "./table-dataset.ts";

/** Row groups of lists are kept up to this size, since a shuffled epoch visits them in any order; at least two are. */
const KEPT_BYTES = 128 << 20;

/**
 * A Parquet file, or several with a `*` in the name, also as the Hugging Face hub has them: files embedded as
 * `{bytes, path}`, class names in the metadata. What is not asked for stays on the disk: single values are read by the page, lists
 * by the row group.
 */
export const parquet: Reader = {
  name: "parquet",
  reads: "a .parquet file with a label column, and texts, numbers, images or sounds",
  detect: (files, path) => looksLikeTable(files, path, ".parquet"),
  open: async (files, path, options) =>
    datasetOfTable(await openShards(files, path, (at) => readParquet(files, at)), files, options),
};

/** A Parquet file as a table. @throws DataError if it cannot be read */
export async function readParquet(files: Files, path: string): Promise<Table> {
  return readable(path, () => openTable(files, path));
}

/** What hyparquet throws says nothing of the file. */
async function readable<T>(path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    throw new DataError(`${path}: not a Parquet file that can be read (${messageOf(cause)})`, { cause });
  }
}

async function openTable(files: Files, path: string): Promise<Table> {
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const file = await bufferOf(files, path);
  const metadata = await parquetMetadataAsync(file);
  const pages = await openParquetPages(path, file, metadata, compressors);
  const top = parquetSchema(metadata).children;
  const embedded = top
    .filter((c) => c.children.some((child) => child.element.name === "bytes"))
    .map((c) => c.element.name);
  const columns = [...top.map((c) => c.element.name).filter((name) => !embedded.includes(name)), ...embedded];
  const groups = createGroups(metadata, (rowStart, rowEnd, names) =>
    parquetReadObjects({ file, metadata, compressors, columns: [...names], rowStart, rowEnd }),
  );
  const fileName = basename(path);
  const named = (wanted: readonly number[]) => wanted.map((c) => columns[c]!); // positions in them
  return {
    path,
    format: "parquet",
    columns,
    length: Number(metadata.num_rows),
    rowName: (row) => `${fileName}:${row + 1}`,
    row: (row, wanted) =>
      readable(path, () =>
        Promise.all(
          named(wanted).map(async (name) =>
            cellOf(pages.has([name]) ? await pages.cell(row, [name]) : await groups.cell(row, name)),
          ),
        ),
      ),
    async *scan(wanted) {
      const names = named(wanted);
      for (let g = 0; g < metadata.row_groups.length; g++)
        for (const row of await readable(path, () => groups.all(g, names)))
          yield names.map((name) => cellOf(row[name]));
    },
    classNames: (column) => namesOf(featureOf(metadata, column)),
    embedded: {
      columns: embedded,
      isAudio: (column) => featureOf(metadata, column)?._type === "Audio",
      async bytes(row, column) {
        const value = await readable(path, () => pages.cell(row, [column, "bytes"]));
        if (value instanceof Uint8Array) return value;
        throw new DataError(`${path}: row ${row + 1} has no content in column "${column}"`);
      },
    },
  };
}

async function bufferOf(files: Files, path: string): Promise<AsyncBuffer> {
  const byteLength = (await files.stat(path))?.bytes ?? 0;
  return {
    byteLength,
    async slice(start, end = byteLength) {
      return (await files.readRange(path, start, end - start)).buffer;
    },
  };
}

type Row = Readonly<Record<string, unknown>>;

interface Groups {
  /** Not kept. */
  all(group: number, columns: readonly string[]): Promise<readonly Row[]>;
  /** One cell, of a group that is kept for the next one. */
  cell(row: number, column: string): Promise<unknown>;
}

/** Reads columns by row group. */
function createGroups(
  metadata: FileMetaData,
  read: (rowStart: number, rowEnd: number, columns: readonly string[]) => Promise<readonly Row[]>,
): Groups {
  const starts = rowStarts(metadata);
  const kept = createRecent<readonly Row[]>(KEPT_BYTES, 2);
  const all = (group: number, columns: readonly string[]): Promise<readonly Row[]> => {
    const from = starts[group]!;
    const rows = Number(metadata.row_groups[group]!.num_rows);
    // Without a column hyparquet gives no rows.
    if (columns.length === 0) return Promise.resolve(Array.from({ length: rows }, () => ({})));
    return read(from, from + rows, columns);
  };
  return {
    all,
    async cell(row, column) {
      const group = starts.findLastIndex((start) => start <= row);
      const own = metadata.row_groups[group]!.columns.filter(
        (c) => c.meta_data?.path_in_schema[0] === column,
      );
      const bytes = own.reduce((sum, c) => sum + Number(c.meta_data?.total_uncompressed_size ?? 0), 0);
      const rows = await kept.get(`${group} ${column}`, bytes, () => all(group, [column]));
      return rows[row - starts[group]!]?.[column];
    },
  };
}

/** What the Hugging Face schema says of a column, or of what its lists hold. */
interface Feature {
  readonly _type?: string;
  readonly names?: readonly string[];
  /** What a list is of. */
  readonly feature?: Feature;
}

/** From the `huggingface` entry of the metadata. */
function featureOf(metadata: FileMetaData, column: string): Feature | null {
  const entry = metadata.key_value_metadata?.find((e) => e.key === "huggingface")?.value;
  if (entry === undefined) return null;
  const { info } = JSON.parse(entry) as { info?: { features?: Record<string, Feature | [Feature]> } };
  const found = info?.features?.[column];
  return (Array.isArray(found) ? found[0] : found) ?? null;
}

/** Names of a ClassLabel column, or of one of lists of them. */
function namesOf(feature: Feature | null): readonly string[] | null {
  return feature?.names ?? feature?.feature?.names ?? null;
}
