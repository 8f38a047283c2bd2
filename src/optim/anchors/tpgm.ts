import { type AnchorRule, defineAnchorRule } from "../anchor-rule.ts";
import { numbers as plain } from "../arithmetic.ts";
import { clip, learn, learnedNumbers } from "./learned-number.ts";

/** The smallest radius, and what keeps a row that has not moved from dividing by zero. */
const TINY = 1e-8;
/** The radius is kept in float32: a row that it was clipped to counts as one that it limits. */
const ROUNDING = 1 + 1e-6;

/**
 * Trainable Projected Gradient Method: one radius γ for a tensor, learned on held-out data of the same distribution.
 *
 *     n_r = Σ |θ − θ0| over row r (or ‖θ − θ0‖ of the tensor)      ρ_r = min(1, γ / (n_r + 1e-8))
 *     θ̄ = θ0 + ρ (θ − θ0)      γ ← Adam(γ, ∂L_validation(θ̄) / ∂γ), `iterations` times      θ ← θ̄
 *     ∂L/∂γ = Σ_r ⟨∇L(θ̄), θ − θ0⟩_r / (n_r + 1e-8) over the rows with γ < n_r + 1e-8
 *
 * γ starts at half of the smallest n and is clipped to [1e-8, max n] before each use. Each round costs a forward and a
 * backward pass on a validation batch. `every` 1 projects after each step (with rows and one round, as for DomainNet);
 * 0 once after the last step (with the tensor's norm and 200 rounds, as for ImageNet). A run that also selects its model
 * on the validation set uses that set twice. λ blends the plain step (0) with the projected one (1).
 * Tian, Dai, Ma, He, Liu and Kira, CVPR 2023. https://arxiv.org/abs/2303.10720
 */
export const tpgm: AnchorRule = defineAnchorRule({
  name: "tpgm",
  title: "TPGM",
  summary: "projects every tensor into a radius that is learned on validation data",
  source: { authors: "Tian et al.", venue: "CVPR", year: 2023, url: "https://arxiv.org/abs/2303.10720" },
  toward: "anchor",
  strength: { default: 1, search: [1], max: 1 },
  exempt: ["head"],
  options: {
    every: {
      default: 1,
      help: "steps between two projections; 0 for one after the last step",
      min: 0,
      integer: true,
    },
    iterations: { default: 1, help: "rounds of learning in each projection", min: 1, integer: true },
    radiusLr: {
      default: 1e-2,
      help: "Adam's learning rate of the radius",
      min: 0,
      search: [1e-3, 1e-2, 1e-1, 1],
    },
    norm: {
      default: "rows",
      help: "what the radius limits: Σ |θ − θ0| of each output unit, or ‖θ − θ0‖ of the tensor",
      choices: ["rows", "tensor"],
    },
  },
  moments: ({ every, iterations, radiusLr, norm }) => ({
    memory: { numbers: learnedNumbers },
    projection: {
      every,
      iterations,
      measure: (tensor) =>
        norm === "rows" ? tensor.rowDistances() : new Float64Array(tensor.rows).fill(tensor.distance()),
      ratios({ numbers }, n) {
        const largest = n.reduce((a, b) => Math.max(a, b));
        const radius = numbers[0]! > 0 ? numbers[0]! : n.reduce((a, b) => Math.min(a, b)) / 2; // 0 is not set yet
        numbers[0] = clip(plain, radius, TINY, Math.max(TINY, largest));
        return n.map((length) => 1 - Math.min(1, numbers[0]! / (length + TINY)));
      },
      learn({ numbers }, n, dots) {
        const radius = numbers[0]!; // `ratios` has set it
        const inside = dots.map((dot, r) => (radius < (n[r]! + TINY) * ROUNDING ? dot / (n[r]! + TINY) : 0));
        const slope = inside.reduce((sum, x) => sum + x, 0);
        const [learned, ...moments] = learn(plain, Array.from(numbers), slope, radiusLr);
        numbers.set([Math.max(TINY, learned), ...moments]);
      },
    },
  }),
});
