import type { OpDef } from "./define.ts";

/** Pooling over windows and over whole maps. */
export const poolingOps: readonly OpDef[] = [];
