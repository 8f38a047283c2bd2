import type { Arithmetic } from "./arithmetic.ts";
import type { Motion } from "./motion.ts";
import type { Role } from "./role.ts";

/**
 * How a parameter is held near a point θ0 while an update rule moves it. One file in `anchors/` defines one.
 *
 *     d = θ − θ0
 *     u = update rule of (g + coupling · d)      θ̃ = θ − u − pull · d
 *     θ ← θ̃ − min(1, λ · ratio) · (θ̃ − θ0)
 *
 * A rule defines any of the three moments to act; a missing one does nothing. λ is the `strength`.
 * With λ = 0 every rule is the plain update rule, bit for bit.
 */
export interface AnchorRule {
  readonly name: string;
  /** What θ0 is: the parameter's anchor, zero whatever its anchor is, or nothing at all. */
  readonly toward: "anchor" | "zero" | "nothing";
  readonly strength: {
    readonly default: number;
    /** Values worth trying, for help texts and sweeps. */
    readonly search: readonly number[];
  };
  /** Roles whose strength is 0 unless a group sets it. */
  readonly exempt: readonly Role[];
  /** Share of d added to the gradient before the update rule sees it. */
  readonly coupling?: (strength: number) => number;
  /** Share of d subtracted with the step. */
  readonly pull?: <T>(a: Arithmetic<T>, strength: number, lr: T) => T;
  /** r ≥ 0: the share of θ̃ − θ0 that strength 1 removes, decided for the whole tensor after the step. */
  readonly ratio?: <T>(a: Arithmetic<T>, motion: Motion<T>) => T;
}

/** The part of θ̃ − θ0 that the rule removes: min(1, λ r), so that a deviation never flips to its far side. */
export function shareRemoved<T>(a: Arithmetic<T>, strength: number, ratio: T): T {
  return a.min(a.constant(1), a.mul(a.constant(strength), ratio));
}
