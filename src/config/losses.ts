/** Names of the losses that a run can ask for, as autodiff/losses/registry.ts has them: a test compares the two. */
export const lossNames = [
  "cross-entropy",
  "focal",
  "bce",
  "binary-focal",
  "mse",
  "l1",
  "huber",
  "dice",
  "dice-cross-entropy",
  "contrastive",
] as const;
