import { DataError } from "../../errors.ts";
import type { PagedFile } from "./paged-file.ts";

/** Finds rows in bytes that come piece by piece. */
export interface RowScanner {
  feed(bytes: Uint8Array): void;
  /** Ends the last row. @returns what is wrong with it, or null */
  finish(): string | null;
}

/** Rows of a text file by position: where they lie is known, their text is read when it is asked for. */
export interface TextRows {
  readonly length: number;
  /** @throws DataError if the row is not UTF-8 */
  text(row: number): Promise<string>;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Finds the lines of a text. @param onRow told the byte range of each line without its end, empty ones too */
export function lineScanner(onRow: (start: number, end: number) => void): RowScanner {
  let start = 0;
  let offset = 0;
  let last = 0;
  return {
    feed(bytes) {
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
        const before = at > 0 ? bytes[at - 1] : last;
        const end = offset + at;
        onRow(start, before === RETURN && end > start ? end - 1 : end);
        start = end + 1;
      }
      offset += bytes.length;
      last = bytes.at(-1) ?? last;
    },
    finish() {
      if (offset > start) onRow(start, last === RETURN ? offset - 1 : offset);
      return null;
    },
  };
}

/**
 * Goes through a file once and notes where its rows lie: 16 bytes of memory for each.
 *
 * @param scannerFor makes the scanner, which hands each row to the function it is given
 * @throws DataError if the file is UTF-16, or its last row does not end
 */
export async function indexRows(
  file: PagedFile,
  scannerFor: (onRow: (start: number, end: number) => void) => RowScanner,
): Promise<TextRows> {
  const starts: number[] = [];
  const ends: number[] = [];
  const head = await file.range(0, Math.min(3, file.bytes));
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff))
    throw new DataError(`${file.path}: the text is UTF-16; save it as UTF-8`);
  const mark = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const scanner = scannerFor((start, end) => {
    starts.push(start + mark);
    ends.push(end + mark);
  });
  let first = true;
  for await (const piece of file.pieces()) {
    scanner.feed(first ? piece.subarray(mark) : piece);
    first = false;
  }
  const problem = scanner.finish();
  if (problem !== null) throw new DataError(`${file.path}: row ${starts.length + 1}: ${problem}`);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return {
    length: starts.length,
    async text(row) {
      const [start = 0, end = 0] = [starts[row], ends[row]];
      try {
        return decoder.decode(await file.range(start, end - start));
      } catch (cause) {
        if (!(cause instanceof TypeError)) throw cause;
        throw new DataError(`${file.path}: row ${row + 1} is not UTF-8; save the file as UTF-8`, { cause });
      }
    },
  };
}
