import { DataError } from "../errors.ts";
import { toJson } from "./fields.ts";
import type { Parser } from "./parse.ts";

/** Records as JSONL: one JSON value per line, each line ended. */
export function encodeLines(records: readonly object[]): string {
  return records.map((record) => `${toJson(record)}\n`).join("");
}

export interface DecodedLines<T> {
  readonly records: readonly T[];
  /** Characters of a last line that was not ended, as a kill in the middle of a write leaves it; 0 for none. */
  readonly torn: number;
}

/**
 * Reads JSONL back. A last line without its newline was torn by a kill and is left out; anything else that is wrong
 * is an error, because it means that someone else wrote to the file.
 *
 * @throws DataError naming file, line, field, expected and found
 */
export function decodeLines<T>(text: string, path: string, parse: Parser<T>): DecodedLines<T> {
  const end = text.lastIndexOf("\n") + 1;
  const records: T[] = [];
  for (const [i, line] of text.slice(0, end).split("\n").entries()) {
    if (line === "") continue;
    const where = `${path} line ${i + 1}`;
    records.push(parse(parseJson(line, where), where));
  }
  return { records, torn: text.length - end };
}

/** JSON.parse whose error names the place. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${where}: not JSON (${cause instanceof Error ? cause.message : cause}).`, {
      cause,
      details: { where },
    });
  }
}
