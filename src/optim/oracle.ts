import { type AnchorRule, shareRemoved } from "./anchor-rule.ts";
import { numbers } from "./arithmetic.ts";
import { type Motion, motionOf, type StepSums } from "./motion.ts";
import type { BoundUpdate, FloatArray } from "./update-rule.ts";

/** One tensor and one step of it. Arrays are of one length, float32 or float64, and are updated in place. */
export interface TensorStep {
  readonly update: BoundUpdate;
  readonly rule: AnchorRule;
  readonly strength: number;
  readonly parameter: FloatArray;
  readonly gradient: FloatArray;
  readonly states: readonly FloatArray[];
  /** θ0; null is an anchor of zeros. */
  readonly anchor: FloatArray | null;
  readonly lr: number;
  /** Number of the step, 1 at the first. */
  readonly step: number;
  readonly gradientScale?: number;
}

export interface TensorStepResult {
  readonly sums: StepSums;
  readonly motion: Motion;
  readonly ratio: number;
  readonly share: number;
}

/**
 * The whole step of one tensor in plain TypeScript, computed in float64: the reference that the SIMD kernel is
 * checked against. See `AnchorRule` for the formula.
 */
export function stepTensor(t: TensorStep): TensorStepResult {
  const { update, rule, strength, parameter, gradient, states, anchor, lr, gradientScale = 1 } = t;
  const c = update.coefficients(numbers, { lr, step: t.step });
  const coupling = strength > 0 ? (rule.coupling?.(strength) ?? 0) : 0;
  const pull = strength > 0 ? (rule.pull?.(numbers, strength, lr) ?? 0) : 0;
  const held = rule.toward !== "nothing";

  let [gd, dd, ud, uu, gg] = [0, 0, 0, 0, 0];
  for (let i = 0; i < parameter.length; i++) {
    const p = parameter[i]!;
    const g = gradientScale * gradient[i]!;
    const d = held ? p - (anchor?.[i] ?? 0) : 0;
    const proposed = update.propose(numbers, {
      g: coupling === 0 ? g : g + coupling * d,
      states: Object.fromEntries(update.states.map((name, k) => [name, states[k]![i]!])),
      c,
    });
    for (const [k, name] of update.states.entries()) states[k]![i] = proposed.states[name]!;
    parameter[i] = pull === 0 ? p - proposed.step : p - proposed.step - pull * d;
    const u = p - parameter[i]!; // the step as the array's precision made it
    gd += g * d;
    dd += d * d;
    ud += u * d;
    uu += u * u;
    gg += g * g;
  }

  const sums = { gd, dd, ud, uu, gg };
  const motion = motionOf(numbers, sums);
  const ratio = held ? (rule.ratio?.(numbers, motion) ?? 0) : 0;
  const share = shareRemoved(numbers, strength, ratio);
  if (share > 0) {
    for (let i = 0; i < parameter.length; i++) {
      const p = parameter[i]!;
      parameter[i] = p - share * (p - (anchor?.[i] ?? 0));
    }
  }
  return { sums, motion, ratio, share };
}
