import type { AsyncBuffer, Compressors, FileMetaData, RowGroup, SchemaTree } from "hyparquet";
import type { readColumn } from "hyparquet/src/column.js";
import { DataError } from "../../errors.ts";
import { joinBytes } from "../../platform/join-bytes.ts";
import { createRecent } from "./recent.ts";

/** Decoded pages are kept up to this size, since a shuffled epoch visits them in any order. */
const KEPT_BYTES = 128 << 20;
// Most headers of pages are shorter than this; those with long statistics are read again, longer.
const HEADER_BYTES = 512;

/** Where bytes of the file lie. */
interface Range {
  readonly start: number;
  readonly bytes: number;
}

/** A page of one column, with its header. */
interface Page extends Range {
  /** Its first row within the row group. */
  readonly row: number;
  readonly rows: number;
  readonly decodedBytes: number;
}

/** What one row group has of one column. */
interface Chunk {
  readonly name: string;
  /** Values that pages may refer to. */
  readonly dictionary: Range | null;
  readonly pages: readonly Page[];
  /** The values of a page. */
  decode(bytes: Uint8Array<ArrayBuffer>, page: Page): readonly unknown[];
}

/**
 * Reads single cells of a Parquet file by the page that holds them, a megabyte or so, whatever the size of the row groups:
 * pandas writes a million rows as one. Where pages lie is found by going from header to header.
 *
 * @see https://parquet.apache.org/docs/file-format/
 */
export interface ParquetPages {
  /** Whether a column can be read so: one of lists cannot, since its pages do not say how many rows they have. */
  has(column: readonly string[]): boolean;
  /** @throws DataError if the pages do not hold the rows that the file promises; what hyparquet throws for broken ones */
  cell(row: number, column: readonly string[]): Promise<unknown>;
}

export async function openParquetPages(
  path: string,
  file: AsyncBuffer,
  metadata: FileMetaData,
  compressors: Compressors,
): Promise<ParquetPages> {
  const { parquetSchema, flatten } = await import("hyparquet");
  const { parquetHeader, readColumn } = await import("hyparquet/src/column.js");
  const { DEFAULT_PARSERS } = await import("hyparquet/src/convert.js");
  const root = parquetSchema(metadata);
  const starts = rowStarts(metadata);
  const chunks = new Map<string, Promise<Chunk>>();
  const decoded = createRecent<readonly unknown[]>(KEPT_BYTES);

  const bytesOf = async ({ start, bytes }: Range) => new Uint8Array(await file.slice(start, start + bytes));

  /** The header at a place before `end`, and how long it is. */
  async function headerAt(start: number, end: number, length = HEADER_BYTES) {
    const view = new DataView(await file.slice(start, Math.min(end, start + length)));
    const reader = { view, offset: 0 };
    try {
      return { header: parquetHeader(reader), bytes: reader.offset };
    } catch (error) {
      if (start + length >= end) throw error;
      return headerAt(start, end, length * 16);
    }
  }

  async function openChunk(group: number, column: readonly string[]): Promise<Chunk> {
    const meta = columnOf(metadata.row_groups[group]!, column);
    const schemaPath = schemaPathOf(root, column)!; // `has` has found it
    const first = Math.min(
      ...[meta.dictionary_page_offset, meta.data_page_offset].flatMap((at) => (at ? [Number(at)] : [])),
    );
    const end = first + Number(meta.total_compressed_size);
    const pages: Page[] = [];
    let dictionary: Range | null = null;
    let row = 0;
    for (let start = first; start < end; ) {
      const { header, bytes: headerBytes } = await headerAt(start, end);
      const range = { start, bytes: headerBytes + header.compressed_page_size };
      const rows = header.data_page_header_v2?.num_rows ?? header.data_page_header?.num_values;
      if (header.type === "DICTIONARY_PAGE") dictionary = range;
      else if (rows !== undefined) {
        pages.push({ ...range, row, rows, decodedBytes: Number(header.uncompressed_page_size) });
        row += rows;
      }
      start += range.bytes;
    }
    const decoder: Parameters<typeof readColumn>[2] = {
      ...meta,
      pathInSchema: [...column],
      schemaPath,
      element: schemaPath.at(-1)!.element,
      parsers: DEFAULT_PARSERS,
      compressors,
      utf8: column.length === 1, // what lies in a struct is the content of a file
    };
    return {
      name: `${path}: row group ${group + 1}, column ${column.join(".")}`,
      dictionary,
      pages,
      decode(bytes, { rows }) {
        const reader = { view: new DataView(bytes.buffer), offset: 0 };
        const all = { groupStart: 0, groupRows: rows, selectStart: 0, selectEnd: rows };
        return flatten(readColumn(reader, all, decoder).data) as readonly unknown[]; // a typed array is one, too
      },
    };
  }

  return {
    has: (column) => schemaPathOf(root, column) !== null,
    async cell(row, column) {
      const group = starts.findLastIndex((start) => start <= row);
      const name = `${group} ${column.join(".")}`;
      let opening = chunks.get(name);
      if (!opening) {
        opening = openChunk(group, column);
        chunks.set(name, opening);
      }
      const chunk = await opening;
      const inGroup = row - starts[group]!;
      const at = pageOf(chunk, inGroup);
      const page = chunk.pages[at]!;
      const values = await decoded.get(`${name} ${at}`, page.decodedBytes, async () => {
        const bytes = await bytesOf(page);
        return chunk.decode(
          chunk.dictionary ? joinBytes([await bytesOf(chunk.dictionary), bytes]) : bytes,
          page,
        );
      });
      if (values.length !== page.rows)
        throw new DataError(`${chunk.name}: a page of ${page.rows} rows holds ${values.length}`);
      const value = values[inGroup - page.row];
      return Array.isArray(value) ? value[0] : value; // hyparquet nests the leaf of a struct
    },
  };
}

/** The first row of each row group. */
export function rowStarts(metadata: FileMetaData): readonly number[] {
  const starts: number[] = [];
  let rows = 0;
  for (const group of metadata.row_groups) {
    starts.push(rows);
    rows += Number(group.num_rows);
  }
  return starts;
}

function columnOf(group: RowGroup, column: readonly string[]) {
  const name = JSON.stringify(column);
  // Every row group has every column of the schema.
  return group.columns.find((c) => JSON.stringify(c.meta_data?.path_in_schema) === name)!.meta_data!;
}

/** The schema from the root to a column, or null if it is none of single values. */
function schemaPathOf(root: SchemaTree, column: readonly string[]): SchemaTree[] | null {
  const found = [root];
  for (const name of column) {
    const next = found.at(-1)!.children.find((child) => child.element.name === name);
    if (!next || next.element.repetition_type === "REPEATED") return null;
    found.push(next);
  }
  return found.at(-1)!.children.length === 0 ? found : null;
}

/** The position of the page that holds a row. */
function pageOf({ pages, name }: Chunk, row: number): number {
  let [low, high] = [0, pages.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (pages[middle]!.row <= row) low = middle;
    else high = middle - 1;
  }
  const page = pages[low];
  if (!page || row >= page.row + page.rows)
    throw new DataError(`${name}: its pages end before row ${row + 1}`);
  return low;
}
