import { bytes, duration, integer } from "../report/format.ts";
import { bar } from "./bar.ts";
import type { Terminal } from "./terminal.ts";

export interface CountOptions {
  readonly terminal: Terminal;
  /** What is counted: bytes, or things of a name, such as images. */
  readonly unit: "bytes" | { readonly of: string };
  /** Milliseconds; `performance.now` unless a test has its own. */
  readonly clock?: () => number;
}

/** Tells how far some counted work is: a bar with rate and time left in a terminal, a line now and then elsewhere. */
export interface CountProgress {
  /** @param what is being worked on, such as a file's name */
  tell(done: number, total: number, what?: string): void;
  /** Takes the bar away. */
  end(): void;
}

/** A bar that changes more often than this cannot be read. */
const REDRAW_MILLISECONDS = 100;
/** Where there is no terminal a line appears at most this often; short work says nothing. */
const LINE_MILLISECONDS = 10_000;
/** A rate over less than this is noise. */
const SETTLED_MILLISECONDS = 500;

export function createCountProgress(options: CountOptions): CountProgress {
  const { terminal, unit, clock = () => performance.now() } = options;
  let start: { readonly at: number; readonly done: number } | null = null;
  let shown = clock();
  const said = (count: number) => (unit === "bytes" ? bytes(count) : integer(Math.round(count)));
  return {
    tell(done, total, what = "") {
      const now = clock();
      start ??= { at: now, done };
      const isLast = done >= total;
      if (now - shown < (terminal.isLive ? (isLast ? 0 : REDRAW_MILLISECONDS) : LINE_MILLISECONDS)) return;
      shown = now;
      const seconds = (now - start.at) / 1000;
      const rate = (done - start.done) / seconds;
      const isSettled = now - start.at >= SETTLED_MILLISECONDS && rate > 0;
      const parts = [
        `${said(done)} of ${said(total)}${unit === "bytes" ? "" : ` ${unit.of}`}`,
        ...(isSettled ? [`${rate < 10 && unit !== "bytes" ? rate.toPrecision(2) : said(rate)}/s`] : []),
        ...(isSettled && !isLast ? [`${duration((total - done) / rate)} left`] : []),
        ...(what === "" ? [] : [what]),
      ];
      const line = parts.join("  ");
      if (terminal.isLive) terminal.live(`${bar(total === 0 ? 1 : done / total, terminal)} ${line}`);
      else terminal.line(line);
    },
    end: () => terminal.clear(),
  };
}
