import type { AnchorRule } from "../anchor-rule.ts";

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
export const spd: AnchorRule = {
  name: "spd",
  toward: "anchor",
  strength: { default: 1, search: [0.1, 0.5, 1, 1.5, 2, 3] },
  exempt: ["head"],
  ratio(a, { gd, nNext, growth }) {
    const zero = a.constant(0);
    const overshoot = a.whereGreater(nNext, a.constant(TINY), a.div(growth, nNext), zero);
    // Comparisons, not maxima: a NaN fails them, and the tensor is left to its step.
    return a.whereGreater(gd, zero, a.whereGreater(overshoot, zero, overshoot, zero), zero);
  },
};
