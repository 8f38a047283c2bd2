import { type AnchorRule, defineAnchorRule } from "../anchor-rule.ts";

/**
 * MARS-SP: a hard limit on how far the weights of one output unit may be from where they started.
 *
 *     s_r = Σ |θ̃ − θ0| over row r      θ_r ← θ0 + (θ̃ − θ0) / max(1, s_r / κ)
 *
 * κ is the option `radius`, on an absolute scale: what is usual depends on a row's length. λ blends the unlimited step (0)
 * with the limited one (1). The rows are scaled, not projected in the L1 norm, as in the authors' code.
 * Gouk, Hospedales and Pontil, ICLR 2021. https://arxiv.org/abs/2002.08253
 */
export const marsSp: AnchorRule = defineAnchorRule({
  name: "mars-sp",
  title: "MARS-SP",
  summary: "a hard limit on how far the weights of each output unit may go",
  source: {
    authors: "Gouk, Hospedales and Pontil",
    venue: "ICLR",
    year: 2021,
    url: "https://arxiv.org/abs/2002.08253",
  },
  toward: "anchor",
  strength: { default: 1, search: [1], max: 1 },
  exempt: ["head"],
  options: {
    radius: {
      default: 1,
      help: "κ, the largest Σ |θ − θ0| of one output unit",
      min: 0,
      search: [0.01, 0.1, 1, 10, 100, 1000],
    },
  },
  moments: ({ radius }) => ({
    rowRatio(a, { nNext }) {
      const [limit, one] = [a.constant(radius), a.constant(1)];
      return a.whereGreater(nNext, limit, a.sub(one, a.div(limit, nNext)), a.constant(0));
    },
  }),
});
