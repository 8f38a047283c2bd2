import type { OpDef } from "./define.ts";

/** Batch, layer, instance, group and RMS normalisation. */
export const normalizationOps: readonly OpDef[] = [];
