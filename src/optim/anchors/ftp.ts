import { type AnchorRule, defineAnchorRule } from "../anchor-rule.ts";
import { clip, learn, learnedNumbers } from "./learned-number.ts";

/** The smallest radius, and what keeps a row that has not moved from dividing by zero. */
const TINY = 1e-8;

/**
 * Fast Trainable Projection: one radius γ for a tensor, learned from the training gradients themselves.
 *
 *     c = θ̃ − θ0      n_r = Σ |c| + 1e-8 over row r
 *     h = Σ_r ⟨g_t, c_{t−1}⟩_r / n_{t−1,r},   h ← k h where h > 0
 *     γ ← clip(Adam(γ, h), 1e-8, max n_r)      θ_r ← θ0 + min(1, γ / n_r) c_r
 *
 * The first step returns every tensor to its anchor, since γ starts at 1e-8. k = 1 holds most; with k = 0 the radius
 * only grows. γ has an absolute scale: its learning rate does not know how long a row is. λ blends the plain step (0)
 * with the projected one (1). Keeps c_{t−1} / n_{t−1}: one more copy of the weights beside the anchor.
 * Tian, Liu, Smith and Kira, NeurIPS 2023. https://arxiv.org/abs/2310.19182
 */
export const ftp: AnchorRule = defineAnchorRule({
  name: "ftp",
  title: "FTP",
  summary: "projects every tensor into a radius that is learned from the training gradients",
  source: {
    authors: "Tian, Liu, Smith and Kira",
    venue: "NeurIPS",
    year: 2023,
    url: "https://arxiv.org/abs/2310.19182",
  },
  toward: "anchor",
  strength: { default: 1, search: [1], max: 1 },
  exempt: ["head"],
  options: {
    k: {
      default: 1,
      help: "factor on gradients that shrink the radius",
      min: 0,
      max: 1,
      search: [0, 0.5, 1],
    },
    radiusLr: {
      default: 1e-2,
      help: "Adam's learning rate of the radius",
      min: 0,
      search: [1e-3, 1e-2, 1e-1, 1],
    },
  },
  moments: ({ k, radiusLr }) => ({
    memory: {
      array: "direction",
      numbers: learnedNumbers,
      before(a, numbers, { along }) {
        const [zero, radius] = [a.constant(0), numbers[0]!]; // the first of the learned numbers
        const h = a.whereGreater(along, zero, a.mul(a.constant(k), along), along);
        const [learned, ...moments] = learn(a, numbers, h, radiusLr);
        const next = [a.max(a.constant(TINY), learned), ...moments];
        // A radius of 0 is one that has not been set: there is no former deviation to learn from.
        return { numbers: next.map((x, i) => a.whereGreater(radius, zero, x, numbers[i]!)) };
      },
      after(a, [radius, ...moments], largest) {
        const tiny = a.constant(TINY);
        return [clip(a, radius!, tiny, a.add(largest, tiny)), ...moments];
      },
      row(a, [radius], nNext) {
        const [one, length] = [a.constant(1), a.add(nNext, a.constant(TINY))];
        return { ratio: a.sub(one, a.min(one, a.div(radius!, length))), keep: a.div(one, length) };
      },
    },
  }),
});
