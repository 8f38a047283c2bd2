import type { OpDef } from "./define.ts";

/** Elementwise functions of one input: exponentials, roots, trigonometry, rounding. */
export const unaryOps: readonly OpDef[] = [];
