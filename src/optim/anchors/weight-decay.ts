import { type AnchorRule, defineAnchorRule } from "../anchor-rule.ts";

/**
 * Decoupled weight decay toward zero, as in PyTorch's AdamW; with any update rule.
 *
 *     θ ← θ − u − lr λ θ
 *
 * λ is multiplied by lr. Norms and biases are exempt, as is usual. Loshchilov and Hutter, ICLR 2019.
 * https://arxiv.org/abs/1711.05101
 */
export const weightDecay: AnchorRule = defineAnchorRule({
  name: "weight-decay",
  title: "weight decay",
  summary: "pulls every weight toward zero, beside the step",
  source: {
    authors: "Loshchilov and Hutter",
    venue: "ICLR",
    year: 2019,
    url: "https://arxiv.org/abs/1711.05101",
  },
  toward: "zero",
  strength: { default: 0.01, search: [0, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.3] },
  exempt: ["norm", "bias"],
  moments: () => ({ pull: (a, strength, lr) => a.mul(lr, a.constant(strength)) }),
});
