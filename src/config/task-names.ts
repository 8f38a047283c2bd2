/** Every task by its name in settings; `tasks/registry.ts` has one record for each. */
export const taskNames = [
  "classification",
  "contrastive",
  "causal-lm",
  "masked-lm",
  "multi-label",
  "regression",
  "segmentation",
  "token-classification",
  "vqa",
] as const;
export type TaskName = (typeof taskNames)[number];
