import type { FloatArray } from "./update-rule.ts";

/**
 * One tensor as an anchor rule sees it during one step. Two forms give the same numbers: `kernels/simd-tensor.ts` over the
 * kernel's memory, and `scalar-tensor.ts` in plain loops, the reference. d = θ − θ0 with θ as it stands at the call, g the
 * gradient after scaling and clipping. Rows are those of `RowLayout`.
 */
export interface HeldTensor {
  /** Number of the step, 1 at the first. */
  readonly step: number;
  readonly rows: number;
  /** The rule's own arrays of the tensor's size, in the order in which it names them, then one for a projection. */
  readonly arrays: readonly FloatArray[];
  /** The rule's own numbers, in the order in which it names them; zeros at first. */
  readonly numbers: FloatArray;
  /** Σ |d| over each row. */
  rowDistances(): Float64Array;
  /** Σ g · (x − θ0) over each row, for one of the rule's arrays. */
  rowDots(x: FloatArray): Float64Array;
  /** ‖d‖ */
  distance(): number;
  /** ⟨g, x⟩ for one of the rule's arrays. */
  gradientDot(x: FloatArray): number;
  /** ⟨g, d⟩, ‖d‖² and ‖g‖². */
  agreement(): { readonly gd: number; readonly dd: number; readonly gg: number };
  /** x ← factor · d, one factor for all rows or one for each. */
  keepDeviation(x: FloatArray, factors: number | Float64Array): void;
  /** x ← θ */
  keepParameter(x: FloatArray): void;
  /** θ ← x */
  restoreParameter(x: FloatArray): void;
  /** θ ← θ − share · d in every element. */
  shrink(share: number): void;
  /** θ ← θ − share · d, one share for each row. @returns ‖θ − θ0‖ afterwards */
  shrinkRows(shares: Float64Array): number;
}
