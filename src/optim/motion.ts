import type { Arithmetic } from "./arithmetic.ts";

/** Sums over one tensor and one step; g the gradient after scaling and clipping, d = θ − θ0 before the step, u = θ − θ̃. */
export interface StepSums<T = number> {
  /** ⟨g, d⟩ */
  readonly gd: T;
  /** ‖d‖² */
  readonly dd: T;
  /** ⟨u, d⟩ */
  readonly ud: T;
  /** ‖u‖² */
  readonly uu: T;
  /** ‖g‖² */
  readonly gg: T;
}

/** How a step moved a tensor relative to its anchor. */
export interface Motion<T = number> {
  /** ⟨g, θ − θ0⟩: positive where the gradient asks to come back toward the anchor. */
  readonly gd: T;
  /** ‖θ − θ0‖ */
  readonly n: T;
  /** ‖θ̃ − θ0‖ */
  readonly nNext: T;
  /** ‖θ̃ − θ0‖ − ‖θ − θ0‖, free of the cancellation that the difference of two norms has. */
  readonly growth: T;
}

/** How a step moved one row of a tensor. */
export interface RowMotion<T = number> {
  /** ⟨g, θ − θ0⟩ of the whole tensor. */
  readonly gd: T;
  /** Σ |θ − θ0| over the row; only for rules that compare rows. */
  readonly n: T;
  /** Σ |θ̃ − θ0| over the row. */
  readonly nNext: T;
}

/**
 * Norms from the sums:
 *
 *     ‖θ̃ − θ0‖² = ‖d − u‖² = ‖d‖² − 2⟨u,d⟩ + ‖u‖²
 *     ‖θ̃ − θ0‖ − ‖θ − θ0‖ = (‖u‖² − 2⟨u,d⟩) / (‖θ̃ − θ0‖ + ‖θ − θ0‖)
 */
export function motionOf<T>(a: Arithmetic<T>, { gd, dd, ud, uu }: Omit<StepSums<T>, "gg">): Motion<T> {
  const zero = a.constant(0);
  const twice = a.mul(a.constant(2), ud);
  const n = a.sqrt(dd);
  // Rounding can leave a small negative number where the step lands on the anchor.
  const nNext = a.sqrt(a.max(zero, a.add(a.sub(dd, twice), uu)));
  const both = a.add(nNext, n);
  return { gd, n, nNext, growth: a.whereGreater(both, zero, a.div(a.sub(uu, twice), both), zero) };
}
