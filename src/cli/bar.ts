import type { Terminal } from "./terminal.ts";

const COLUMNS = 24;

/** A bar whose first part is full. @param share from 0 to 1 */
export function bar(share: number, terminal: Terminal): string {
  const full = Math.round(Math.min(1, share) * COLUMNS);
  return terminal.style("cyan", "━".repeat(full)) + terminal.style("dim", "─".repeat(COLUMNS - full));
}
