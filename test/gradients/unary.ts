import type { GradientCase } from "../support/gradient-check.ts";

export const unaryCases: readonly GradientCase[] = [];
