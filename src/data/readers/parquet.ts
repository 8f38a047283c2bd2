import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { DataError, HoldfastError, messageOf } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { extension } from "../../platform/paths.ts";
import type { Reader } from "./reader.ts";
import { cellOf, type Table, tableOf } from "./table.ts";
import { datasetOfTable } from "./table-dataset.ts";

/** Row groups whose images are kept in memory: a shuffled epoch visits them in any order. */
const GROUPS_KEPT = 2;

/**
 * A Parquet file, also as the Hugging Face hub has them: images embedded as `{bytes, path}`, class names in the
 * metadata. Columns of images stay on the disk and are read by row group; the others are held in memory.
 */
export const parquet: Reader = {
  name: "parquet",
  reads: "a .parquet file with a label column, and texts, numbers or images",
  detect: async (files, path) =>
    extension(path) === ".parquet" && (await files.stat(path))?.kind === "file" ? "ends in .parquet" : null,
  open: async (files, path, options) => datasetOfTable(await readParquet(files, path), files, options),
};

/** A Parquet file as a table. @throws DataError if it cannot be read */
export async function readParquet(files: Files, path: string): Promise<Table> {
  try {
    return await openTable(files, path);
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    throw new DataError(`${path}: not a Parquet file that can be read (${messageOf(cause)})`, { cause });
  }
}

async function openTable(files: Files, path: string): Promise<Table> {
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const file = await bufferOf(files, path);
  const metadata = await parquetMetadataAsync(file);
  const top = parquetSchema(metadata).children;
  const images = top.filter((c) => c.children.some((child) => child.element.name === "bytes"));
  const imageColumns = images.map((c) => c.element.name);
  const plain = top.map((c) => c.element.name).filter((name) => !imageColumns.includes(name));
  const rows = await parquetReadObjects({ file, metadata, columns: plain });
  const columns = [...plain, ...imageColumns];
  const groups = createGroups(metadata, async (rowStart, rowEnd, column) => {
    const read = await parquetReadObjects({
      file,
      metadata,
      columns: [column],
      rowStart,
      rowEnd,
      utf8: false,
    });
    return read.map((row) => (row[column] as { bytes?: Uint8Array } | null)?.bytes ?? null);
  });
  const table = tableOf({ path, format: "parquet", columns, length: rows.length }, (row, column) =>
    cellOf(rows[row]?.[columns[column]!]),
  );
  return {
    ...table,
    classNames: (column) => classNames(metadata, column),
    embedded: {
      columns: imageColumns,
      async bytes(row, column) {
        const bytes = await groups(row, column);
        if (bytes === null) throw new DataError(`${path}: row ${row + 1} has no image in column "${column}"`);
        return bytes;
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

type Images = readonly (Uint8Array | null)[];

/** Reads a column of images by row group, and keeps the last few groups. */
function createGroups(
  metadata: FileMetaData,
  read: (rowStart: number, rowEnd: number, column: string) => Promise<Images>,
): (row: number, column: string) => Promise<Uint8Array | null> {
  const starts: number[] = [0];
  for (const group of metadata.row_groups) starts.push(starts.at(-1)! + Number(group.num_rows));
  const kept = new Map<string, Promise<Images>>();
  return async (row, column) => {
    const group = starts.findLastIndex((start) => start <= row);
    const [from, to] = [starts[group]!, starts[group + 1]!]; // there is a start behind the last row
    const key = `${group} ${column}`;
    let images = kept.get(key);
    if (!images) {
      images = read(from, to, column);
      kept.set(key, images);
      const oldest = kept.keys().next().value;
      if (kept.size > GROUPS_KEPT && oldest !== undefined) kept.delete(oldest);
    }
    return (await images)[row - from] ?? null;
  };
}

interface Feature {
  readonly names?: readonly string[];
  /** What a list is of. */
  readonly feature?: Feature;
}

/** Names of a ClassLabel column, or of one of lists of them, from the `huggingface` entry of the metadata. */
function classNames(metadata: FileMetaData, column: string): readonly string[] | null {
  const entry = metadata.key_value_metadata?.find((e) => e.key === "huggingface")?.value;
  if (entry === undefined) return null;
  const { info } = JSON.parse(entry) as { info?: { features?: Record<string, Feature | [Feature]> } };
  const found = info?.features?.[column];
  const feature = Array.isArray(found) ? found[0] : found;
  return feature?.names ?? feature?.feature?.names ?? null;
}
