import { DataError } from "../../errors.ts";
import type { RowScanner } from "./text-rows.ts";

const [QUOTE, NEWLINE, RETURN] = [0x22, 0x0a, 0x0d];
// Where in a row the scanner is: before a field, in a plain one, in a quoted one, behind a quote in a quoted one.
const [BEFORE, PLAIN, QUOTED, BEHIND] = [0, 1, 2, 3];

// What separates fields in files called .csv: spreadsheets write semicolons where numbers have a decimal comma.
const SEPARATORS = [",", ";", "\t", "|"];

/**
 * Finds the rows of separated values in UTF-8, as RFC 4180 has them: fields by comma (or another separator of one byte),
 * quoted fields with `""` for a quote and line ends inside, rows by CRLF, LF or CR. Empty lines are no rows.
 *
 * @param onRow told the byte range of each row without its line end, and the number of its fields
 */
export function csvScanner(
  separator: string,
  onRow: (start: number, end: number, fields: number) => void,
): RowScanner {
  const cut = separator.charCodeAt(0);
  let state = BEFORE;
  let fields = 1;
  let start = 0;
  let offset = 0;
  const endRow = (end: number): void => {
    if (end > start) onRow(start, end, fields);
    state = BEFORE;
    fields = 1;
    start = end + 1;
  };
  return {
    feed(bytes) {
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i]!;
        if (state === QUOTED) {
          if (byte === QUOTE) state = BEHIND;
        } else if (byte === cut) {
          fields++;
          state = BEFORE;
        } else if (byte === NEWLINE || byte === RETURN) endRow(offset + i);
        else if (byte === QUOTE && state !== PLAIN) state = QUOTED;
        else state = PLAIN;
      }
      offset += bytes.length;
    },
    finish() {
      if (state === QUOTED) return "a quoted field does not end";
      endRow(offset);
      return null;
    },
  };
}

/**
 * The separator of a table, by its first bytes: the one that gives all whole rows there the same number of fields, and the most of them;
 * the comma where none gives more than one.
 *
 * @param isWhole whether the table ends there
 */
export function separatorOf(start: Uint8Array, isWhole: boolean): string {
  let [best, most] = [",", 1];
  for (const separator of SEPARATORS) {
    const widths = new Set<number>();
    const scanner = csvScanner(separator, (_, __, fields) => widths.add(fields));
    scanner.feed(start);
    if (isWhole) scanner.finish();
    const [width = 1] = widths;
    if (widths.size === 1 && width > most) [best, most] = [separator, width];
  }
  return best;
}

/**
 * The fields of one row of separated values.
 *
 * @param what names the row in messages
 * @throws DataError if a quoted field does not end, or goes on behind its closing quote
 */
export function fieldsOf(text: string, what: string, separator = ","): string[] {
  const fields: string[] = [];
  for (let at = 0; ; ) {
    if (text[at] === '"') {
      let field = "";
      for (at++; ; ) {
        const quote = text.indexOf('"', at);
        if (quote < 0) throw new DataError(`${what}: a quoted field does not end`);
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
      fields.push(field);
      if (at < text.length && text[at] !== separator)
        throw new DataError(`${what}: text behind a closing quote`);
    } else {
      const found = text.indexOf(separator, at);
      const end = found < 0 ? text.length : found;
      fields.push(text.slice(at, end));
      at = end;
    }
    if (at >= text.length) return fields;
    at++;
  }
}
