import { z } from "zod";

/**
 * Numbers of the update rules, each under the name that the rules have for it; what is left out is the rule's own default,
 * and the rule checks what is given. A test holds the names to the registry.
 */
export const hyperparameterSettings = {
  betas: z
    .tuple([z.number(), z.number()])
    .optional()
    .describe("decay of the two moments; 0.9 and 0.999 if left out, for Lion 0.9 and 0.99"),
  eps: z
    .number()
    .positive()
    .optional()
    .describe("added to the root of the second moment; 1e-8 if left out, for Adafactor 1.2e-7"),
  momentum: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("share of the last step that is kept; SGD: 0.9 if left out, Muon: 0.95"),
  nesterov: z
    .boolean()
    .optional()
    .describe("look ahead along the momentum; SGD: false if left out, Muon: true"),
  dampening: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("SGD: share of each gradient after the first that momentum leaves out; 0 if left out"),
  momentumDecay: z
    .number()
    .min(0)
    .optional()
    .describe("NAdam: how fast the warm-up of its momentum ends; 0.004 if left out"),
  beta2Decay: z
    .number()
    .negative()
    .optional()
    .describe("Adafactor: the second moment averages with 1 − step to this power; -0.8 if left out"),
  clip: z
    .number()
    .min(1)
    .optional()
    .describe(
      "Adafactor: root mean square of a step, in units of lr, that longer ones are cut to; 1 if left out",
    ),
  leastRms: z
    .number()
    .positive()
    .optional()
    .describe("Adafactor: steps are relative to a weight's root mean square, or to this; 0.001 if left out"),
  nsSteps: z
    .int()
    .min(1)
    .max(99)
    .optional()
    .describe("Muon: iterations that bring singular values near 1; 5 if left out"),
  matchRms: z
    .boolean()
    .optional()
    .describe("Muon: scale its steps to the size of Adam's, for the same lr; true if left out"),
} as const;
