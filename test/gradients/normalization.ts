import type { GradientCase } from "../support/gradient-check.ts";

export const normalizationCases: readonly GradientCase[] = [];
