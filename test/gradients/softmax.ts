import type { GradientCase } from "../support/gradient-check.ts";

export const softmaxCases: readonly GradientCase[] = [];
