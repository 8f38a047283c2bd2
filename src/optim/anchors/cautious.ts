import { type AnchorRule, defineAnchorRule } from "../anchor-rule.ts";

/**
 * Cautious weight decay: decoupled decay of those elements alone whose step leads toward zero anyway.
 *
 *     θ ← θ − u − lr λ 1[u ⊙ θ ≥ 0] ⊙ θ
 *
 * λ is multiplied by lr. An element whose step grows it is left free; unlike SPD it decays also where nothing grew.
 * Norms and biases are exempt, as with weight decay. Chen et al., ICLR 2026. https://arxiv.org/abs/2510.12402
 */
export const cautious: AnchorRule = defineAnchorRule({
  name: "cautious",
  title: "cautious decay",
  summary: "pulls toward zero the elements alone whose step leads there anyway",
  source: { authors: "Chen et al.", venue: "ICLR", year: 2026, url: "https://arxiv.org/abs/2510.12402" },
  toward: "zero",
  strength: { default: 0.01, search: [0, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.3] },
  exempt: ["norm", "bias"],
  moments: () => ({ cautious: true, pull: (a, strength, lr) => a.mul(lr, a.constant(strength)) }),
});
