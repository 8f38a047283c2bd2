import type { OpDef } from "./define.ts";

/** Activation functions. */
export const activationOps: readonly OpDef[] = [];
