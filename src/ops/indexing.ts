import type { OpDef } from "./define.ts";

/** Gather and scatter families, and operators that pick by value. */
export const indexingOps: readonly OpDef[] = [];
