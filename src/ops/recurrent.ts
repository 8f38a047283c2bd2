import type { Value } from "../onnx/value.ts";
import { defineComposite, LATEST, type OpDef } from "./define.ts";
import { type Cell, type Direction, splitEvenly, unroll } from "./recurrent-unroll.ts";

/** Recurrent networks, written out over their sequence length. */
export const recurrentOps: readonly OpDef[] = [
  /** RNN(X, W, R, B, sequence_lens, initial_h): Y, Y_h. https://onnx.ai/onnx/operators/onnx__RNN.html */
  defineComposite({
    opType: "RNN",
    opsets: [7, LATEST],
    reads: [4],
    lower: (ctx) =>
      unroll(ctx, { gates: 1, activations: ["Tanh"], states: 1, mergesBias: true, step: rnnStep }),
  }),
  /** GRU(X, W, R, B, sequence_lens, initial_h): Y, Y_h. https://onnx.ai/onnx/operators/onnx__GRU.html */
  defineComposite({
    opType: "GRU",
    opsets: [7, LATEST],
    reads: [4],
    lower: (ctx) => {
      const isResetLast = ctx.node.int("linear_before_reset", 0) !== 0;
      const cell: Cell = {
        gates: 3,
        activations: ["Sigmoid", "Tanh"],
        states: 1,
        mergesBias: !isResetLast, // the candidate's recurrent bias is reset with its product
        step: isResetLast ? gruStepResetLast : gruStep,
      };
      return unroll(ctx, cell);
    },
  }),
  /** LSTM(X, W, R, B, sequence_lens, initial_h, initial_c, P): Y, Y_h, Y_c. https://onnx.ai/onnx/operators/onnx__LSTM.html */
  defineComposite({
    opType: "LSTM",
    opsets: [7, LATEST],
    reads: [4],
    lower: (ctx) => {
      const isCoupled = ctx.node.int("input_forget", 0) !== 0;
      return unroll(ctx, {
        gates: 4,
        activations: ["Sigmoid", "Tanh", "Tanh"],
        states: 2,
        mergesBias: true,
        step: (direction, projected, states) => lstmStep(direction, projected, states, isCoupled),
      });
    },
  }),
];

/** `a` plus h·Rᵀ. */
function recur({ b, recurrence }: Direction, a: Value, h: Value): Value {
  return b.op("Gemm", [h, recurrence, a], { transB: 1 });
}

/** h' = f(W·x + R·h + b) */
function rnnStep(d: Direction, projected: Value, [h]: readonly Value[]): Value[] {
  const [f] = d.activations;
  return [f!(d.b, d.clip(recur(d, projected, h!)))];
}

/** h' = (1 − z) ∘ candidate + z ∘ h = candidate + z ∘ (h − candidate) */
function mix({ b }: Direction, z: Value, h: Value, candidate: Value): Value[] {
  return [b.add(candidate, b.mul(z, b.sub(h, candidate)))];
}

/** z, r = f(W·x + R·h + b); candidate = g(W·x + R·(r ∘ h) + b) */
function gruStep(d: Direction, projected: Value, [h]: readonly Value[]): Value[] {
  const { b, hidden, activations, clip } = d;
  const [f, g] = activations;
  const sizes = b.ints([2 * hidden, hidden]);
  const [gatesX, candidateX] = b.ops("Split", [projected, sizes], 2, { axis: 1 });
  const [gatesR, candidateR] = b.ops("Split", [d.recurrence, sizes], 2, { axis: 0 });
  const gates = f!(b, clip(recur({ ...d, recurrence: gatesR! }, gatesX!, h!)));
  const [z, r] = splitEvenly(b, gates, 2, 1);
  const candidate = g!(b, clip(recur({ ...d, recurrence: candidateR! }, candidateX!, b.mul(r!, h!))));
  return mix(d, z!, h!, candidate);
}

/** The same with candidate = g(W·x + r ∘ (R·h + Rb) + Wb): one product for all gates. */
function gruStepResetLast(d: Direction, projected: Value, [h]: readonly Value[]): Value[] {
  const { b, hidden, activations, clip } = d;
  const [f, g] = activations;
  const sizes = b.ints([2 * hidden, hidden]);
  const product = b.op("Gemm", d.recurrenceBias ? [h!, d.recurrence, d.recurrenceBias] : [h!, d.recurrence], {
    transB: 1,
  });
  const [gatesX, candidateX] = b.ops("Split", [projected, sizes], 2, { axis: 1 });
  const [gatesH, candidateH] = b.ops("Split", [product, sizes], 2, { axis: 1 });
  const [z, r] = splitEvenly(b, f!(b, clip(b.add(gatesX!, gatesH!))), 2, 1);
  const candidate = g!(b, clip(b.add(candidateX!, b.mul(r!, candidateH!))));
  return mix(d, z!, h!, candidate);
}

/** Gates in the order i, o, f, c: C' = f ∘ C + i ∘ c, h' = o ∘ tanh(C'). */
function lstmStep(
  d: Direction,
  projected: Value,
  [h, c]: readonly Value[],
  isCoupled: boolean,
): readonly Value[] {
  const { b, hidden, activations, clip } = d;
  const [f, g, last] = activations;
  const sum = recur(d, projected, h!);
  if (d.peepholes) return lstmPeepholeStep(d, sum, c!, isCoupled);
  const [gates, candidate] = b.ops("Split", [sum, b.ints([3 * hidden, hidden])], 2, { axis: 1 });
  // One activation for three gates: a third of the nodes, forward and backward.
  const [i, o, forget] = splitEvenly(b, f!(b, clip(gates!)), 3, 1);
  const kept = b.mul(isCoupled ? b.shift(b.neg(i!), 1) : forget!, c!);
  const cell = b.add(kept, b.mul(i!, g!(b, clip(candidate!))));
  return [b.mul(o!, last!(b, cell)), cell];
}

/** The same where the gates also see the cell: i and f get P ∘ C, o gets P ∘ C'. */
function lstmPeepholeStep(d: Direction, sum: Value, c: Value, isCoupled: boolean): readonly Value[] {
  const { b, activations, clip } = d;
  const [f, g, last] = activations;
  const [iX, oX, fX, cX] = splitEvenly(b, sum, 4, 1);
  const [pi, po, pf] = splitEvenly(b, d.peepholes!, 3, 0); // the caller looked
  const gate = (x: Value, p: Value, cell: Value): Value => f!(b, clip(b.add(x, b.mul(p, cell))));
  const i = gate(iX!, pi!, c);
  const kept = b.mul(isCoupled ? b.shift(b.neg(i), 1) : gate(fX!, pf!, c), c);
  const cell = b.add(kept, b.mul(i, g!(b, clip(cX!))));
  return [b.mul(gate(oX!, po!, cell), last!(b, cell)), cell];
}
