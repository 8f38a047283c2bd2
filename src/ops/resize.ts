import type { OpDef } from "./define.ts";

/** Resampling of maps. */
export const resizeOps: readonly OpDef[] = [];
