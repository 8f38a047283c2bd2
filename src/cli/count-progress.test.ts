import { expect, test } from "vitest";
import { createCountProgress } from "./count-progress.ts";
import { openTerminal } from "./terminal.ts";

function told(
  isTTY: boolean,
  unit: "bytes" | { of: string },
  steps: readonly (readonly [at: number, done: number])[],
) {
  const written: string[] = [];
  const stream = { isTTY, columns: 100, write: (text: string) => written.push(text) };
  let now = 0;
  const progress = createCountProgress({
    terminal: openTerminal(stream, { NO_COLOR: "1" }),
    unit,
    clock: () => now,
  });
  for (const [at, done] of steps) {
    now = at;
    progress.tell(done, 1000, "a.png");
  }
  progress.end();
  return written;
}

test("a terminal shows count, rate and time left, no more often than it can be read", () => {
  const written = told(true, { of: "images" }, [
    [1000, 0],
    [1050, 10],
    [3000, 500],
    [5000, 1000],
  ]);
  expect(written.filter((t) => t.includes("images"))).toHaveLength(3);
  expect(written.join("\n")).toContain("500 of 1 000 images  250/s  2.0 s left  a.png");
  expect(written.join("\n")).toContain("1 000 of 1 000 images  250/s  a.png");
});

test("elsewhere only long work says a line now and then", () => {
  expect(told(false, "bytes", [[9000, 900]])).toEqual([]);
  const written = told(false, "bytes", [
    [1000, 0],
    [11_000, 400],
    [12_000, 500],
  ]);
  expect(written).toEqual(["400 B of 1 kB  40 B/s  15 s left  a.png\n"]);
});
