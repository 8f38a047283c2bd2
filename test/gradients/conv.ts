import type { GradientCase } from "../support/gradient-check.ts";

export const convCases: readonly GradientCase[] = [];
