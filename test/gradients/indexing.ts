import type { GradientCase } from "../support/gradient-check.ts";

export const indexingCases: readonly GradientCase[] = [];
