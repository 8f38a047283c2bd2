import type { GradientCase } from "../support/gradient-check.ts";

export const activationCases: readonly GradientCase[] = [];
