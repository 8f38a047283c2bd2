import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { DataError, HoldfastError, messageOf } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { basename } from "../../platform/paths.ts";
import type { Reader } from "./reader.ts";
import { looksLikeTable, openShards } from "./shards.ts";
import { cellOf, type Table } from "./table.ts";
import { datasetOfTable } from "./table-dataset.ts";

/** Row groups are kept up to this size, since a shuffled epoch visits them in any order; at least two are. */
const KEPT_BYTES = 128 << 20;

/**
 * A Parquet file, or several with a `*` in the name, also as the Hugging Face hub has them: files embedded as
 * `{bytes, path}`, class names in the metadata. What is not asked for stays on the disk; a row group is read as a whole.
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
  const file = await bufferOf(files, path);
  const metadata = await parquetMetadataAsync(file);
  const top = parquetSchema(metadata).children;
  const embedded = top
    .filter((c) => c.children.some((child) => child.element.name === "bytes"))
    .map((c) => c.element.name);
  const columns = [...top.map((c) => c.element.name).filter((name) => !embedded.includes(name)), ...embedded];
  const groups = createGroups(metadata, (rowStart, rowEnd, names) =>
    readable(path, () =>
      parquetReadObjects({
        file,
        metadata,
        columns: [...names],
        rowStart,
        rowEnd,
        utf8: !names.some((name) => embedded.includes(name)),
      }),
    ),
  );
  const rowName = (row: number) => `${basename(path)}:${row + 1}`;
  const cells = (row: Row, wanted: readonly string[]) => wanted.map((name) => cellOf(row[name]));
  const named = (wanted: readonly number[]) => wanted.map((c) => columns[c]!); // positions in them
  return {
    path,
    format: "parquet",
    columns,
    length: Number(metadata.num_rows),
    rowName,
    async row(row, wanted) {
      const names = named(wanted);
      return cells(await groups.row(row, names), names);
    },
    async *scan(wanted) {
      const names = named(wanted);
      for (let g = 0; g < metadata.row_groups.length; g++)
        for (const row of await groups.all(g, names)) yield cells(row, names);
    },
    classNames: (column) => namesOf(featureOf(metadata, column)),
    embedded: {
      columns: embedded,
      isAudio: (column) => featureOf(metadata, column)?._type === "Audio",
      async bytes(row, column) {
        const value = (await groups.row(row, [column]))[column] as { bytes?: Uint8Array } | null;
        if (value?.bytes) return value.bytes;
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
  row(row: number, columns: readonly string[]): Promise<Row>;
  all(group: number, columns: readonly string[]): Promise<readonly Row[]>;
}

/** Reads columns by row group, and keeps the groups that were used last. */
function createGroups(
  metadata: FileMetaData,
  read: (rowStart: number, rowEnd: number, columns: readonly string[]) => Promise<readonly Row[]>,
): Groups {
  const starts: number[] = [0];
  for (const group of metadata.row_groups) starts.push(starts.at(-1)! + Number(group.num_rows));
  const kept = new Map<string, { readonly rows: Promise<readonly Row[]>; readonly bytes: number }>();
  let keptBytes = 0;
  const bytesOf = (group: number, columns: readonly string[]): number => {
    const chunks = metadata.row_groups[group]?.columns ?? [];
    const own = chunks.filter((c) => columns.includes(c.meta_data?.path_in_schema[0] ?? ""));
    return own.reduce((sum, c) => sum + Number(c.meta_data?.total_uncompressed_size ?? 0), 0);
  };
  const all = (group: number, columns: readonly string[]): Promise<readonly Row[]> => {
    const [from, to] = [starts[group]!, starts[group + 1]!]; // there is a start behind the last row
    // Without a column hyparquet gives no rows.
    if (columns.length === 0) return Promise.resolve(Array.from({ length: to - from }, () => ({})));
    const key = JSON.stringify([group, columns]);
    const known = kept.get(key);
    // The group used last stands last in the map, and the first ones go when there are too many.
    if (known) kept.delete(key);
    const entry = known ?? { rows: read(from, to, columns), bytes: bytesOf(group, columns) };
    if (!known) keptBytes += entry.bytes;
    kept.set(key, entry);
    for (const [oldest, { bytes }] of kept) {
      if (keptBytes <= KEPT_BYTES || kept.size <= 2) break;
      kept.delete(oldest);
      keptBytes -= bytes;
    }
    return entry.rows;
  };
  return {
    all,
    async row(row, columns) {
      const group = starts.findLastIndex((start) => start <= row);
      return (await all(group, columns))[row - starts[group]!] ?? {};
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
