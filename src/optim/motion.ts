/** Sums over one tensor and one step; g the gradient after scaling and clipping, d = θ − θ0 before the step, u = θ − θ̃. */
export interface StepSums {
  /** ⟨g, d⟩ */
  readonly gd: number;
  /** ‖d‖² */
  readonly dd: number;
  /** ⟨u, d⟩ */
  readonly ud: number;
  /** ‖u‖² */
  readonly uu: number;
  /** ‖g‖² */
  readonly gg: number;
}

/** How a step moved a tensor relative to its anchor. */
export interface Motion {
  /** ⟨g, θ − θ0⟩: positive where the gradient asks to come back toward the anchor. */
  readonly gd: number;
  /** ‖θ − θ0‖ */
  readonly n: number;
  /** ‖θ̃ − θ0‖ */
  readonly nNext: number;
  /** ‖θ̃ − θ0‖ − ‖θ − θ0‖, free of the cancellation that the difference of two norms has. */
  readonly growth: number;
}

/**
 * Norms from the sums:
 *
 *     ‖θ̃ − θ0‖² = ‖d − u‖² = ‖d‖² − 2⟨u,d⟩ + ‖u‖²
 *     ‖θ̃ − θ0‖ − ‖θ − θ0‖ = (‖u‖² − 2⟨u,d⟩) / (‖θ̃ − θ0‖ + ‖θ − θ0‖)
 */
export function motionOf({ gd, dd, ud, uu }: StepSums): Motion {
  const n = Math.sqrt(dd);
  // Rounding can leave a small negative number where the step lands on the anchor.
  const nNext = Math.sqrt(Math.max(0, dd - 2 * ud + uu));
  const both = nNext + n;
  return { gd, n, nNext, growth: both > 0 ? (uu - 2 * ud) / both : 0 };
}
