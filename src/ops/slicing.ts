import type { OpDef } from "./define.ts";

/** Operators that cut, join, pad and repeat. */
export const slicingOps: readonly OpDef[] = [];
