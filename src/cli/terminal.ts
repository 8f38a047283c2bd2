import { stripVTControlCharacters, styleText } from "node:util";

/** What of a stream the terminal needs; `process.stderr` is one. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Lines, and below them one or several that change in place where the stream is a terminal. */
export interface Terminal {
  /** Whether lines can change in place. */
  readonly isLive: boolean;
  readonly columns: number;
  style(style: Style, text: string): string;
  /** Writes whole lines above the live one. */
  line(text: string): void;
  /** Replaces the live lines; nothing where there is no terminal. Cut to the size of the terminal. */
  live(text: string): void;
  /** Takes the live lines away. */
  clear(): void;
}

const ESCAPE = "\u001b";
const ERASE_LINE = `\r${ESCAPE}[2K`;
const ERASE_LINE_ABOVE = `${ESCAPE}[1A${ESCAPE}[2K`;

/** @param environment where NO_COLOR, FORCE_COLOR and TERM are looked up */
export function openTerminal(stream: TextStream, environment: NodeJS.ProcessEnv = process.env): Terminal {
  const isLive = stream.isTTY === true && environment.TERM !== "dumb";
  // https://no-color.org: any value that is not empty.
  const forced = (environment.FORCE_COLOR ?? "") !== "" && environment.FORCE_COLOR !== "0";
  const colours = !environment.NO_COLOR && (isLive || forced);
  let shown = "";
  const erase = () =>
    shown === "" ? "" : ERASE_LINE + ERASE_LINE_ABOVE.repeat(shown.split("\n").length - 1);
  return {
    isLive,
    get columns() {
      return stream.columns ?? 80;
    },
    style: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
    line(text) {
      stream.write(`${erase()}${plainSpaces(text)}\n${shown}`);
    },
    live(text) {
      if (!isLive) return;
      const lines = plainSpaces(text)
        .split("\n")
        .slice(-Math.max(1, (stream.rows ?? 24) - 1));
      const fitting = lines.map((line) => cut(line, (stream.columns ?? 80) - 1)).join("\n");
      if (fitting === shown) return;
      const erased = erase() || ERASE_LINE;
      shown = fitting;
      stream.write(erased + fitting);
    },
    clear() {
      if (shown !== "") stream.write(erase());
      shown = "";
    },
  };
}

const COLOUR = new RegExp(`(${ESCAPE}\\[[0-9;]*m)`);

/** A text whose narrow spaces, which are for the page, are usual ones: logs are searched. */
export function plainSpaces(text: string): string {
  return text.replaceAll("\u202f", " ");
}

/** Columns that a text takes; escape sequences take none. */
export function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** The first `columns` columns of a text, its colours ended. */
function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let left = columns;
  let out = "";
  for (const part of text.split(COLOUR)) {
    if (part.startsWith(ESCAPE)) {
      out += part;
      continue;
    }
    const letters = [...part].slice(0, left);
    left -= letters.length;
    out += letters.join("");
  }
  return out;
}
