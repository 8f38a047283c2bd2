import type { OpDef } from "./define.ts";

/** Convolutions and their transposes. */
export const convOps: readonly OpDef[] = [];
