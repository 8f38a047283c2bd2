import { type AnchorRule, defineAnchorRule } from "../anchor-rule.ts";

/**
 * L2-SP as a term of the loss, L + (λ/2) ‖θ − θ0‖²: its gradient passes through the update rule's moments.
 *
 *     g ← g + λ (θ − θ0)
 *
 * λ is not multiplied by lr here, since the update rule does that; mind the factor 2 against texts that write
 * L + λ ‖θ − θ0‖². With the anchor at zero it is what PyTorch's SGD and Adam call `weight_decay`.
 * Li, Grandvalet and Davoine, ICML 2018. https://arxiv.org/abs/1802.01483
 */
export const l2SpCoupled: AnchorRule = defineAnchorRule({
  name: "l2-sp-coupled",
  title: "L2-SP (coupled)",
  summary: "a term of the loss that pulls toward the pretrained weights, through the moments",
  source: {
    authors: "Li, Grandvalet and Davoine",
    venue: "ICML",
    year: 2018,
    url: "https://arxiv.org/abs/1802.01483",
  },
  toward: "anchor",
  strength: { default: 0.01, search: [0, 1e-3, 1e-2, 1e-1, 1] },
  exempt: ["head"],
  moments: () => ({ coupling: (strength) => strength }),
});
