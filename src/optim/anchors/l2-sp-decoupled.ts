import { type AnchorRule, defineAnchorRule } from "../anchor-rule.ts";

/**
 * L2-SP applied beside the step, as AdamW applies weight decay, but toward the anchor.
 *
 *     θ ← θ − u − lr λ (θ − θ0)
 *
 * λ is multiplied by lr. Li, Grandvalet and Davoine, ICML 2018. https://arxiv.org/abs/1802.01483
 */
export const l2SpDecoupled: AnchorRule = defineAnchorRule({
  name: "l2-sp-decoupled",
  title: "L2-SP",
  summary: "pulls every weight toward its pretrained value, beside the step",
  source: {
    authors: "Li, Grandvalet and Davoine",
    venue: "ICML",
    year: 2018,
    url: "https://arxiv.org/abs/1802.01483",
  },
  toward: "anchor",
  strength: { default: 0.01, search: [0, 1e-3, 1e-2, 1e-1, 1] },
  exempt: ["head"],
  moments: () => ({ pull: (a, strength, lr) => a.mul(lr, a.constant(strength)) }),
});
