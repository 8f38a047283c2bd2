import type { OpDef } from "./define.ts";

/** Comparisons, logic and selection. */
export const comparisonOps: readonly OpDef[] = [];
