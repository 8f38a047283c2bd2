import { type AnchorRule, defineAnchorRule } from "../anchor-rule.ts";

/** Keeps a row that has not moved from dividing zero by zero; the value is that of the authors' later code. */
const EPSILON = 1e-8;

/**
 * SPD with a ratio for each output unit, while its condition stays one for the tensor:
 *
 *     c = −⟨g, θ − θ0⟩      n_r = Σ |θ − θ0|, n̂_r = Σ |θ̃ − θ0| over row r
 *     c < 0:  θ_r ← θ̃_r − λ r_r (θ̃_r − θ0_r),   r_r = max(0, n̂_r − n_r) / (n̂_r + 1e-8)
 *
 * λ is not multiplied by lr. A vector is one row. The "mars" norm of the MAPS code, Huang et al., CVPR 2026.
 * https://arxiv.org/abs/2511.19878
 */
export const spdRows: AnchorRule = defineAnchorRule({
  name: "spd-rows",
  title: "SPD by row",
  summary: "SPD with a ratio for each output unit",
  source: { authors: "Huang et al.", venue: "CVPR", year: 2026, url: "https://arxiv.org/abs/2511.19878" },
  toward: "anchor",
  strength: { default: 1, search: [0.1, 0.5, 1, 1.5, 2, 3] },
  exempt: ["head"],
  moments: () => ({
    comparesRows: true,
    rowRatio(a, { gd, n, nNext }) {
      const zero = a.constant(0);
      const growth = a.max(zero, a.sub(nNext, n));
      return a.whereGreater(gd, zero, a.div(growth, a.add(nNext, a.constant(EPSILON))), zero);
    },
  }),
});
