import type { GradientCase } from "../support/gradient-check.ts";

export const poolingCases: readonly GradientCase[] = [];
