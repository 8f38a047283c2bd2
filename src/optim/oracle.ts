import type { BoundAnchor } from "./anchor-rule.ts";
import { numbers as plain } from "./arithmetic.ts";
import { forcesOf, type Held, holdBack } from "./hold.ts";
import { type Motion, motionOf, type StepSums } from "./motion.ts";
import { type RowLayout, wholeTensor } from "./row-layout.ts";
import { scalarTensor } from "./scalar-tensor.ts";
import type { BoundUpdate, FloatArray } from "./update-rule.ts";

/** One tensor and one step of it. Arrays are of one length, float32 or float64, and are updated in place. */
export interface TensorStep {
  readonly update: BoundUpdate;
  readonly rule: BoundAnchor;
  readonly strength: number;
  readonly parameter: FloatArray;
  readonly gradient: FloatArray;
  readonly states: readonly FloatArray[];
  /** θ0; null is an anchor of zeros. */
  readonly anchor: FloatArray | null;
  /** The anchor rule's own arrays and numbers; none if left out. */
  readonly held?: { readonly arrays: readonly FloatArray[]; readonly numbers: FloatArray };
  /** Which elements feed which output unit; one row if left out. */
  readonly layout?: RowLayout;
  readonly lr: number;
  /** Number of the step, 1 at the first. */
  readonly step: number;
  readonly gradientScale?: number;
}

export interface TensorStepResult extends Held {
  readonly sums: StepSums;
  readonly motion: Motion;
}

/**
 * The whole step of one tensor in plain TypeScript, computed in float64: the reference that the SIMD kernel is
 * checked against. See `AnchorMoments` for the formula.
 */
export function stepTensor(t: TensorStep): TensorStepResult {
  const { update, rule, strength, parameter, gradient, states, anchor, lr, gradientScale = 1 } = t;
  const { arrays, numbers } = t.held ?? { arrays: [], numbers: new Float64Array(0) };
  const layout = t.layout ?? wholeTensor(parameter.length);
  const tensor = scalarTensor({
    ...{ parameter, gradient, gradientScale, anchor, arrays, numbers, layout },
    step: t.step,
  });
  const forces = forcesOf(rule, strength, lr, tensor);
  const { coupling, pull } = forces;
  const c = update.coefficients(plain, { lr, step: t.step });
  const held = rule.toward !== "nothing";

  let [gd, dd, ud, uu, gg] = [0, 0, 0, 0, 0];
  for (let i = 0; i < parameter.length; i++) {
    const p = parameter[i]!;
    const g = gradientScale * gradient[i]!;
    const d = held ? p - (anchor?.[i] ?? 0) : 0;
    const proposed = update.propose(plain, {
      g: coupling === 0 ? g : g + coupling * d,
      states: Object.fromEntries(update.states.map((name, k) => [name, states[k]![i]!])),
      c,
    });
    for (const [k, name] of update.states.entries()) states[k]![i] = proposed.states[name]!;
    const isPulled = pull !== 0 && !(rule.cautious === true && proposed.step * d < 0);
    parameter[i] = isPulled ? p - proposed.step - pull * d : p - proposed.step;
    const u = p - parameter[i]!; // the step as the array's precision made it
    gd += g * d;
    dd += d * d;
    ud += u * d;
    uu += u * u;
    gg += g * g;
  }

  const sums = { gd, dd, ud, uu, gg };
  const motion = motionOf(plain, sums);
  return { sums, motion, ...holdBack(rule, strength, tensor, { motion, forces }) };
}
