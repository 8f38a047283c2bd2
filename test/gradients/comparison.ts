import type { GradientCase } from "../support/gradient-check.ts";

export const comparisonCases: readonly GradientCase[] = [];
