import { type AnchorRule, defineAnchorRule, type Glance } from "../anchor-rule.ts";
import { type ScalarArithmetic, sign } from "../arithmetic.ts";
import { clip, learn, learnedNumbers } from "./learned-number.ts";

/** Below this squared norm a deviation has no direction. */
const TINY = 1e-30;

/**
 * Directional Gradient Projection: takes part of the gradient's component along the deviation away, before the update
 * rule sees it. The deviation is the gradient of ½ ‖θ − θ0‖², and two gradients conflict where ⟨g,d⟩ < 0: following the
 * loss then leads away from the anchor.
 *
 *     p = (⟨g,d⟩ / ‖d‖²) d      g ← g − ω p where the two conflict
 *     ω ← clip(Adam(ω, ⟨g_t, p_{t−1}⟩ / (‖g_t‖ ‖p_{t−1}‖)), 0, 1),   0 at the first step
 *
 * Sources disagree on when to project: the paper's Figure 1 says where gradients conflict, its Algorithm 1 has been read
 * as the opposite. `projects` offers both. What its "normalization" of ω's gradient divides by is not known either; here
 * it is the cosine, which Adam's own scaling makes almost irrelevant. λ scales ω: 0 is the plain update rule.
 * Keeps the direction of p_{t−1}: one more copy of the weights beside the anchor.
 * Huang, Tian, Maneechotesuwan, Chopra and Kira, ICLR 2025. https://arxiv.org/abs/2502.15895
 */
export const digrap: AnchorRule = defineAnchorRule({
  name: "digrap",
  title: "DiGraP",
  summary: "takes away what of the gradient leads along the deviation, by a share that is learned",
  source: { authors: "Huang et al.", venue: "ICLR", year: 2025, url: "https://arxiv.org/abs/2502.15895" },
  toward: "anchor",
  strength: { default: 1, search: [1], max: 1 },
  exempt: ["head"],
  options: {
    projects: {
      default: "conflicting",
      help: "gradients whose component is taken: those that lead away from the anchor, or those that lead back",
      choices: ["conflicting", "agreeing"],
      search: ["conflicting"],
    },
    omegaLr: {
      default: 1e-2,
      help: "μ, Adam's learning rate of ω",
      min: 0,
      search: [1e-3, 1e-2, 1e-1],
    },
  },
  moments: ({ projects, omegaLr }) => ({
    memory: {
      array: "direction",
      numbers: [...learnedNumbers, "steps"],
      looksAtDeviation: true,
      before<T>(a: ScalarArithmetic<T>, numbers: readonly T[], { along, gd, dd, gg }: Glance<T>) {
        const [zero, one, tiny] = [a.constant(0), a.constant(1), a.constant(TINY)];
        const steps = numbers[4]!; // the last of the numbers above
        const cosine = a.whereGreater(gg, zero, a.div(along, a.sqrt(gg)), zero);
        const [learned, ...moments] = learn(a, numbers, cosine, omegaLr);
        const next = [clip(a, learned, zero, one), ...moments].map((x, i) =>
          a.whereGreater(steps, zero, x, numbers[i]!),
        );
        const omega = next[0]!; // the first of the learned numbers
        const [low, high] = projects === "conflicting" ? [gd, zero] : [zero, gd];
        const applies = (x: T, otherwise: T) =>
          a.whereGreater(dd, tiny, a.whereGreater(high, low, x, otherwise), otherwise);
        return {
          numbers: [...next, one],
          coupling: applies(a.div(a.mul(a.sub(zero, omega), gd), dd), zero),
          ratio: applies(omega, zero),
          keep: a.whereGreater(dd, tiny, a.div(sign(a, gd), a.sqrt(dd)), zero),
        };
      },
    },
  }),
});
