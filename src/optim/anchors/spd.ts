import { type AnchorRule, defineAnchorRule } from "../anchor-rule.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { Motion } from "../motion.ts";
import type { Source } from "../source.ts";

const source: Source = {
  authors: "Tian, Huang and Kira",
  venue: "NeurIPS",
  year: 2024,
  url: "https://arxiv.org/abs/2411.01713",
};

/** Below this a norm says nothing: float32 elements of a deviation this small have lost their digits. */
const TINY = 1e-30;

/**
 * Selective Projection Decay: pulls a tensor toward its anchor where the step moved it outward against the gradient.
 *
 *     c = −⟨g, θ − θ0⟩,  g the clipped gradient itself, not the update rule's direction
 *     c < 0:  θ ← θ̃ − λ r (θ̃ − θ0),   r = max(0, ‖θ̃ − θ0‖ − ‖θ − θ0‖) / ‖θ̃ − θ0‖
 *
 * λ is not multiplied by lr: 1 projects onto the previous radius and is where to start, 0 is the plain update rule,
 * and AdamW's usual 0.01 would be a hundred times too weak. A constant gradient never fires, by design.
 * New heads are exempt: their first values are no knowledge worth keeping.
 * Tian, Huang and Kira, NeurIPS 2024, Algorithm 2. https://arxiv.org/abs/2411.01713
 */
export const spd: AnchorRule = defineAnchorRule({
  name: "spd",
  title: "SPD",
  summary: "cuts back the steps that led a tensor outward although its gradient asks to come back",
  source,
  toward: "anchor",
  strength: { default: 1, search: [0.1, 0.5, 1, 1.5, 2, 3] },
  exempt: ["head"],
  moments: () => ({
    ratio(a, motion) {
      const zero = a.constant(0);
      return a.whereGreater(motion.gd, zero, overshoot(a, motion), zero);
    },
  }),
});

/**
 * SPD without its condition, an ablation: every outward step is cut back, also where gradient and deviation agree.
 * A radius grows by (1 − λ) of what it would, so a tensor at strength 1 never leaves its anchor.
 */
export const spdAlways: AnchorRule = defineAnchorRule({
  name: "spd-always",
  title: "SPD (always)",
  summary: "SPD without its condition: every outward step is cut back",
  source,
  toward: "anchor",
  strength: { default: 0.5, search: [0.1, 0.25, 0.5, 0.75, 0.9] },
  exempt: ["head"],
  moments: () => ({ ratio: overshoot }),
});

/**
 * SPD without its ratio, an ablation: θ ← θ̃ − λ (θ̃ − θ0) wherever c < 0. λ is a share of the whole deviation and not
 * of what the step added, so it is far smaller than SPD's; 1 would put the tensor back on its anchor.
 */
export const spdFull: AnchorRule = defineAnchorRule({
  name: "spd-full",
  title: "SPD (full)",
  summary:
    "SPD without its ratio: a share of the whole deviation goes wherever the gradient asks to come back",
  source,
  toward: "anchor",
  strength: { default: 0.01, search: [1e-4, 1e-3, 1e-2, 0.1] },
  exempt: ["head"],
  moments: () => ({
    ratio: (a, { gd }) => a.whereGreater(gd, a.constant(0), a.constant(1), a.constant(0)),
  }),
});

/** How far the step led outward, as a share of where it led. */
function overshoot<T>(a: Arithmetic<T>, { nNext, growth }: Motion<T>): T {
  const zero = a.constant(0);
  const share = a.whereGreater(nNext, a.constant(TINY), a.div(growth, nNext), zero);
  // A comparison, not a maximum: a NaN fails it, and the tensor is left to its step.
  return a.whereGreater(share, zero, share, zero);
}
