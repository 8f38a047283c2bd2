import {
  type AnchorOptionTable,
  type AnchorOptionValues,
  settleOptions,
  type ValuesOf,
} from "./anchor-options.ts";
import type { Arithmetic, ScalarArithmetic } from "./arithmetic.ts";
import type { Motion, RowMotion } from "./motion.ts";
import type { Projection } from "./projection.ts";
import type { Role } from "./role.ts";
import type { Source } from "./source.ts";

/** What an anchor rule is, whatever its options. */
export interface AnchorFacts {
  readonly name: string;
  /** What people call it, as in "Adam + SPD"; empty for no rule at all. */
  readonly title: string;
  /** What it does, in one line. */
  readonly summary: string;
  readonly source: Source | null;
  /** What θ0 is: the parameter's anchor, zero whatever its anchor is, or nothing at all. */
  readonly toward: "anchor" | "zero" | "nothing";
  readonly strength: {
    readonly default: number;
    /** Values worth trying, for help texts and sweeps. */
    readonly search: readonly number[];
    /** The largest strength that means something; any if left out. */
    readonly max?: number;
  };
  /** Roles whose strength is 0 unless a group sets it. */
  readonly exempt: readonly Role[];
}

/** What a rule with a memory sees of tensor and gradient before the step; x is its array. */
export interface Glance<T> {
  /** ⟨g, x⟩; 0 for a rule without an array. */
  readonly along: T;
  /** ⟨g, d⟩, ‖d‖² and ‖g‖²; 0 for a rule that does not look at the deviation. */
  readonly gd: T;
  readonly dd: T;
  readonly gg: T;
}

/** What a rule with a memory makes of it. */
export interface Memories<T> {
  /** Its numbers from now on. */
  readonly numbers: readonly T[];
  /** Share of d that strength 1 adds to the gradient before the update rule sees it; nothing if left out. */
  readonly coupling?: T;
  /** r of a rule that acts on the gradient, for the report. */
  readonly ratio?: T;
  /** x ← keep · d, before the step. */
  readonly keep?: T;
}

/** What a rule with a memory decides for a row after the step: r, and x ← keep · (θ̃ − θ0). */
export interface RowMemory<T> {
  readonly ratio: T;
  readonly keep: T;
}

/**
 * The part of a rule that remembers: one array of the parameter's size and a few numbers, zeros at first, saved with a
 * checkpoint in float32. Its formulas are written once, for numbers, kernels and graphs.
 */
export interface AnchorMemory {
  readonly array?: string;
  readonly numbers: readonly string[];
  readonly looksAtDeviation?: true;
  readonly before?: <T>(a: ScalarArithmetic<T>, numbers: readonly T[], glance: Glance<T>) => Memories<T>;
  /** The numbers again, once the largest Σ |θ̃ − θ0| of a row is known. */
  readonly after?: <T>(a: ScalarArithmetic<T>, numbers: readonly T[], largest: T) => readonly T[];
  /** Looks at a row by its Σ |θ̃ − θ0|. */
  readonly row?: <T>(a: ScalarArithmetic<T>, numbers: readonly T[], nNext: T) => RowMemory<T>;
}

/**
 * How a parameter is held near a point θ0 while an update rule moves it:
 *
 *     d = θ − θ0
 *     u = update rule of (g + coupling · d)      θ̃ = θ − u − pull · d
 *     θ ← θ̃ − min(1, λ · ratio) · (θ̃ − θ0)      for the whole tensor, or for each row
 *
 * A rule defines any of the moments to act; a missing one does nothing. λ is the `strength`; with λ = 0 no moment acts
 * and every rule is the plain update rule, bit for bit.
 */
export interface AnchorMoments {
  /** Share of d added to the gradient before the update rule sees it. */
  readonly coupling?: (strength: number) => number;
  /** Share of d subtracted with the step. */
  readonly pull?: <T>(a: Arithmetic<T>, strength: number, lr: T) => T;
  /** Whether the pull spares elements whose step already leads toward θ0, that is where u · d < 0. */
  readonly cautious?: true;
  /** r ≥ 0: the share of θ̃ − θ0 that strength 1 removes, decided for the whole tensor after the step. */
  readonly ratio?: <T>(a: Arithmetic<T>, motion: Motion<T>) => T;
  /** The same decided for each row. */
  readonly rowRatio?: <T>(a: Arithmetic<T>, row: RowMotion<T>) => T;
  /** Whether `rowRatio` reads where the row was before the step. */
  readonly comparesRows?: true;
  readonly memory?: AnchorMemory;
  /** A projection whose radius is learned from gradients on held-out data, after the step. */
  readonly projection?: Projection;
}

/** An anchor rule with its options settled. */
export interface BoundAnchor extends AnchorFacts, AnchorMoments {
  readonly options: AnchorOptionValues;
}

/** One file in `anchors/` defines one. */
export interface AnchorRule extends AnchorFacts {
  readonly options: AnchorOptionTable;
  /** @throws ConfigError for an option that the rule does not know, or one out of range */
  readonly bind: (given: AnchorOptionValues) => BoundAnchor;
}

interface AnchorRuleDefinition<T extends AnchorOptionTable> extends AnchorFacts {
  readonly options?: T;
  readonly moments: (options: ValuesOf<T>) => AnchorMoments;
}

export function defineAnchorRule<const T extends AnchorOptionTable = Record<never, never>>({
  options,
  moments,
  ...facts
}: AnchorRuleDefinition<T>): AnchorRule {
  const table = options ?? ({} as T); // a rule that lists no options has none
  return {
    ...facts,
    options: table,
    bind(given) {
      const settled = settleOptions(facts.name, table, given);
      return { ...facts, options: settled, ...moments(settled) };
    },
  };
}

/** The part of θ̃ − θ0 that the rule removes: min(1, λ r), so that a deviation never flips to its far side. */
export function shareRemoved<T>(a: Arithmetic<T>, strength: number, ratio: T): T {
  return a.min(a.constant(1), a.mul(a.constant(strength), ratio));
}
