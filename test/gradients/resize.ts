import type { GradientCase } from "../support/gradient-check.ts";

export const resizeCases: readonly GradientCase[] = [];
