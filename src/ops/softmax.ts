import type { OpDef } from "./define.ts";

/** The softmax family and losses of the standard. */
export const softmaxOps: readonly OpDef[] = [];
