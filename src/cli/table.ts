import { widthOf } from "./terminal.ts";

/**
 * Rows in columns, two spaces apart, as lines without trailing space.
 *
 * @param alignment one letter per column: `l` or `r`; the last one holds for the rest
 */
export function tableLines(rows: readonly (readonly string[])[], alignment: string): string[] {
  const columns = Math.max(0, ...rows.map((r) => r.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...rows.map((r) => widthOf(r[c] ?? ""))));
  return rows.map((row) =>
    widths
      .map((width, c) => padded(row[c] ?? "", width, alignment[c] ?? alignment.at(-1) ?? "l"))
      .join("  ")
      .trimEnd(),
  );
}

/** A text filled up with spaces to a width, on the side that `alignment` leaves free. */
export function padded(text: string, width: number, alignment: string): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return alignment === "r" ? space + text : text + space;
}
