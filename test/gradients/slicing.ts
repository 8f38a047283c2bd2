import type { GradientCase } from "../support/gradient-check.ts";

export const slicingCases: readonly GradientCase[] = [];
