import type { Value } from "../../onnx/value.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";
import { type BoundAnchor, shareRemoved } from "../../optim/anchor-rule.ts";
import { motionOf } from "../../optim/motion.ts";
import type { RowLayout } from "../../optim/row-layout.ts";
import type { ParameterUpdate, StateSpec, StepPosition } from "../../optim/update-rule.ts";
import { graphArithmetic, graphTensors, sumAll, toFloat32 } from "./graph-arithmetic.ts";
import { asRows, lookAtRows, lookBefore, rowDistances } from "./memory-graph.ts";

/** One parameter's tensors, all float32 of its shape, and what its step is made by. */
export interface StepInputs {
  readonly update: ParameterUpdate;
  readonly rule: BoundAnchor;
  readonly strength: number;
  readonly parameter: Value;
  readonly gradient: Value;
  /** By the names that the update rule gives them. */
  readonly states: Readonly<Record<string, Value>>;
  /** θ0; null is an anchor of zeros. */
  readonly anchor: Value | null;
  /** Which elements feed which output unit, for rules that look at each. */
  readonly layout: RowLayout;
  /** What the anchor rule remembers: its array of the parameter's shape, and its numbers float32 [count]. */
  readonly memory: { readonly array: Value | null; readonly numbers: Value } | null;
  /** float64 [] both; lr is the parameter's own. */
  readonly at: StepPosition<Value>;
}

/** Values after the step. */
export interface StepOutputs {
  readonly parameter: Value;
  readonly states: Readonly<Record<string, Value>>;
  readonly memory: StepInputs["memory"];
}

/**
 * The whole step of one tensor as nodes; see `AnchorRule` for the formula. What is equal for all elements is computed
 * in float64, as `createOptimizer`'s kernels do; the rest in float32.
 */
export function appendStep(b: OpBuilder, s: StepInputs): StepOutputs {
  const scalars = graphArithmetic(b, "float64");
  const { rule, strength, parameter: p, gradient: g, at } = s;
  const acts = strength > 0 && rule.toward !== "nothing";
  const distance = (x: Value) => (s.anchor === null ? x : b.sub(x, s.anchor));
  const d = acts ? distance(p) : null;
  const remembered = d && lookBefore(b, s, d);
  const coupling = remembered?.coupling ?? (acts ? rule.coupling?.(strength) : undefined);
  const pull = acts ? rule.pull?.(scalars, strength, at.lr) : undefined;

  const seen = d && coupling !== undefined ? b.add(g, coupled(b, coupling, d)) : g;
  const { step, states } = propose(b, s, seen);
  const stepped = b.sub(p, step);
  const moved = d && pull ? b.sub(stepped, pulled(b, rule, { pull, d, step })) : stepped;
  const memory = remembered?.memory ?? null;
  if (!d) return { parameter: moved, states, memory };

  const removed = (shares: Value) => {
    const back = b.mul(b.cast(shares, "float32"), asRows(b, distance(moved), s.layout));
    return b.sub(moved, b.reshape(back, p.dims));
  };
  if (memory && rule.memory?.row) {
    const looked = lookAtRows(b, s, { memory, moved: distance(moved) });
    return {
      parameter: removed(shareRemoved(scalars, strength, looked.ratio)),
      states,
      memory: looked.memory,
    };
  }
  const dot = (x: Value, y: Value) => sumAll(b, b.mul(x, y));
  if (rule.rowRatio) {
    const distances = (x: Value) => rowDistances(b, distance(x), s.layout);
    const row = { gd: dot(g, d), n: rule.comparesRows ? distances(p) : b.scalar(0, "float64") };
    const ratio = rule.rowRatio(scalars, { ...row, nNext: distances(moved) });
    return { parameter: removed(shareRemoved(scalars, strength, ratio)), states, memory };
  }
  if (!rule.ratio) return { parameter: moved, states, memory };
  const u = b.sub(p, moved);
  const motion = motionOf(scalars, { gd: dot(g, d), dd: dot(d, d), ud: dot(u, d), uu: dot(u, u) });
  const share = toFloat32(b, shareRemoved(scalars, strength, rule.ratio(scalars, motion)));
  return { parameter: b.sub(moved, b.mul(share, distance(moved))), states, memory };
}

/** coupling · d, for a number that is known or one that the graph computes. */
function coupled(b: OpBuilder, coupling: number | Value, d: Value): Value {
  return typeof coupling === "number" ? b.scale(d, coupling) : b.mul(toFloat32(b, coupling), d);
}

/** What the update rule alone does with a gradient. */
function propose(
  b: OpBuilder,
  { update, parameter, states, at }: StepInputs,
  gradient: Value,
): { readonly step: Value; readonly states: Readonly<Record<string, Value>> } {
  const { form } = update;
  const coefficients = Object.entries(update.coefficients(graphArithmetic(b, "float64"), at));
  const c = Object.fromEntries(coefficients.map(([name, value]) => [name, toFloat32(b, value)]));
  // A rule gives all the states that it lists.
  const every = (pick: (spec: StateSpec) => Value) =>
    Object.fromEntries(update.states.map((spec) => [spec.name, pick(spec)]));
  if (form.kind === "element") {
    const proposed = form.propose(graphArithmetic(b, "float32"), { g: gradient, states, c });
    return { step: proposed.step, states: every(({ name }) => proposed.states[name]!) };
  }
  const proposed = form.propose(graphTensors(b), {
    p: b.reshape(parameter, form.dims),
    g: b.reshape(gradient, form.dims),
    states: every(({ name }) => b.reshape(states[name]!, form.stateDims[name]!)),
    c: Object.fromEntries(Object.entries(c).map(([name, value]) => [name, b.reshape(value, [1, 1, 1])])),
  });
  return {
    step: b.reshape(b.mul(proposed.factor, proposed.direction), parameter.dims),
    states: every(({ name, shape }) => b.reshape(proposed.states[name]!, shape)),
  };
}

/** pull · d, or, for a cautious rule, that where the step leads outward and 0 elsewhere. */
function pulled(
  b: OpBuilder,
  rule: BoundAnchor,
  { pull, d, step }: { readonly pull: Value; readonly d: Value; readonly step: Value },
): Value {
  const all = b.mul(toFloat32(b, pull), d);
  if (rule.cautious !== true) return all;
  const zero = b.scalar(0, "float32");
  return b.where(b.op("Less", [b.mul(step, d), zero]), zero, all);
}
