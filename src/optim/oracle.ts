import type { BoundAnchor } from "./anchor-rule.ts";
import { numbers as plain } from "./arithmetic.ts";
import { forcesOf, type Held, holdBack } from "./hold.ts";
import { type Motion, motionOf, type StepSums } from "./motion.ts";
import { type RowLayout, wholeTensor } from "./row-layout.ts";
import { type Matrices, scalarMatrices } from "./scalar-matrices.ts";
import { scalarTensor } from "./scalar-tensor.ts";
import type { MatrixDims } from "./tensor-arithmetic.ts";
import type { FloatArray, ParameterUpdate } from "./update-rule.ts";

/**
 * One tensor and one step of it. Arrays are float32 or float64 and are updated in place; all but states are of one length.
 */
export interface TensorStep {
  readonly update: ParameterUpdate;
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
  const { update, rule, strength, parameter, gradient, anchor, lr, gradientScale = 1 } = t;
  const { arrays, numbers } = t.held ?? { arrays: [], numbers: new Float64Array(0) };
  const layout = t.layout ?? wholeTensor(parameter.length);
  const tensor = scalarTensor({
    ...{ parameter, gradient, gradientScale, anchor, arrays, numbers, layout },
    step: t.step,
  });
  const forces = forcesOf(rule, strength, lr, tensor);
  const { coupling, pull } = forces;
  const held = rule.toward !== "nothing";

  const seen = Float64Array.from(gradient, (g, i) => {
    const scaled = gradientScale * g;
    return coupling === 0 ? scaled : scaled + coupling * (parameter[i]! - (anchor?.[i] ?? 0));
  });
  const steps = propose(update, { ...t, gradient: seen });

  let [gd, dd, ud, uu, gg] = [0, 0, 0, 0, 0];
  for (let i = 0; i < parameter.length; i++) {
    const p = parameter[i]!;
    const g = gradientScale * gradient[i]!;
    const d = held ? p - (anchor?.[i] ?? 0) : 0;
    const step = steps[i]!;
    const isPulled = pull !== 0 && !(rule.cautious === true && step * d < 0);
    parameter[i] = isPulled ? p - step - pull * d : p - step;
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

/** The step of each element by the update rule alone, and the states after it. */
function propose(
  update: ParameterUpdate,
  { parameter, gradient, states, lr, step }: TensorStep,
): Float64Array {
  const { form } = update;
  const c = update.coefficients(plain, { lr, step });
  if (form.kind === "tensor") {
    const whole = (data: FloatArray, dims: MatrixDims): Matrices => ({ dims, data: data.slice() });
    const one = (value: number): Matrices => ({ dims: [1, 1, 1], data: Float64Array.of(value) });
    const proposed = form.propose(scalarMatrices, {
      p: whole(parameter, form.dims),
      g: whole(gradient, form.dims),
      states: Object.fromEntries(
        // An array, and a size of the form's, for each state that the rule lists.
        update.states.map(({ name }, k) => [name, whole(states[k]!, form.stateDims[name]!)]),
      ),
      c: Object.fromEntries(Object.entries(c).map(([name, value]) => [name, one(value)])),
    });
    for (const [k, { name }] of update.states.entries()) states[k]!.set(proposed.states[name]!.data);
    return Float64Array.from(proposed.direction.data, (x) => proposed.factor.data[0]! * x);
  }
  const old: Record<string, number> = {};
  return Float64Array.from(gradient, (g, i) => {
    for (const [k, { name }] of update.states.entries()) old[name] = states[k]![i]!;
    const proposed = form.propose(plain, { g, states: old, c });
    for (const [k, { name }] of update.states.entries()) states[k]![i] = proposed.states[name]!;
    return proposed.step;
  });
}
