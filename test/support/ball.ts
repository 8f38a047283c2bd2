import { type AnchorRule, defineAnchorRule } from "../../src/optim/anchor-rule.ts";

/**
 * Ball: a hard limit on how far a whole tensor may be from its anchor.
 *
 *     θ ← θ0 + (θ̃ − θ0) · min(1, κ / ‖θ̃ − θ0‖)
 *
 * κ is the option `radius`. λ blends the unlimited step (0) with the limited one (1).
 */
export const ball: AnchorRule = defineAnchorRule({
  name: "ball",
  title: "ball",
  summary: "a hard limit on how far each tensor may go",
  source: null,
  toward: "anchor",
  strength: { default: 1, search: [1], max: 1 },
  exempt: ["head"],
  options: {
    radius: { default: 1, help: "κ, the largest ‖θ − θ0‖ of a tensor", min: 0, search: [0.1, 1, 10] },
  },
  moments: ({ radius }) => ({
    ratio(a, { nNext }) {
      const limit = a.constant(radius);
      return a.whereGreater(nNext, limit, a.sub(a.constant(1), a.div(limit, nNext)), a.constant(0));
    },
  }),
});
