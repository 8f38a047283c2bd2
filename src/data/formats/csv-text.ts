import { DataError } from "../../errors.ts";

/**
 * The rows of a CSV text, as RFC 4180 has them: fields by comma (or another separator), quoted fields with `""` for a
 * quote, CRLF or LF.
 * A byte-order mark and empty lines are skipped.
 *
 * @throws DataError if a quoted field does not end, or goes on behind its closing quote
 */
export function parseCsv(text: string, what: string, separator = ","): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  let line = 1;
  const endRow = (): void => {
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
    line++;
  };
  while (at < text.length) {
    if (text[at] === '"') {
      const start = line;
      let field = "";
      for (at++; ; ) {
        const quote = text.indexOf('"', at);
        if (quote < 0) throw new DataError(`${what}: line ${start}: a quoted field does not end`);
        const piece = text.slice(at, quote);
        line += piece.split("\n").length - 1;
        field += piece;
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
      row.push(field);
      if (at < text.length && text[at] !== separator && text[at] !== "\n" && text[at] !== "\r") {
        throw new DataError(`${what}: line ${line}: text behind a closing quote`);
      }
    } else {
      let end = at;
      while (end < text.length && text[end] !== separator && text[end] !== "\n" && text[end] !== "\r") end++;
      row.push(text.slice(at, end));
      at = end;
    }
    if (text[at] === separator) {
      at++;
      // A separator at the very end of the text or the line still starts one more, empty, field.
      if (at === text.length || text[at] === "\n" || text[at] === "\r") row.push("");
      else continue;
    }
    if (text[at] === "\r") at++;
    if (text[at] === "\n") at++;
    endRow();
  }
  return rows;
}
