import { UnsupportedOpError } from "../errors.ts";
import type { Value } from "../onnx/value.ts";
import { toNumbers } from "../tensor/tensor.ts";
import type { LowerContext } from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";
import { type Activation, activationsOf } from "./recurrent-activations.ts";

/** More steps than this make a graph that ONNX Runtime takes minutes to open: some 20 nodes a step, and twice that backward. */
const MAX_STEPS = 1024;

/** The weights of one direction. G gates of H units, I inputs. */
export interface Direction {
  readonly b: OpBuilder;
  readonly hidden: number;
  readonly activations: readonly Activation[];
  /** Bounds what goes into an activation to ±clip. */
  readonly clip: (x: Value) => Value;
  /** R [G·H, H]. */
  readonly recurrence: Value;
  /** Recurrent bias [G·H], or null. */
  readonly recurrenceBias: Value | null;
  /** Peephole weights [p·H], or null; only LSTM has them. */
  readonly peepholes: Value | null;
}

export interface Cell {
  /** Number of gates G stacked in W, R and B. */
  readonly gates: number;
  /** Default activations of one direction. */
  readonly activations: readonly string[];
  /** States carried from step to step: [h] or [h, c], each [B, H]. The first is the output. */
  readonly states: number;
  /** Whether the recurrent bias may be added to the input's projection, for all steps at once. */
  readonly mergesBias: boolean;
  /** One step: from W·x + b [B, G·H] and the states before it to those after it. */
  readonly step: (direction: Direction, projected: Value, states: readonly Value[]) => readonly Value[];
}

/**
 * A recurrent operator written out step by step over its static sequence length.
 * Inputs X [T, B, I], W [D, G·H, I], R [D, G·H, H], B [D, 2·G·H], sequence_lens [B], initial states [D, B, H], P.
 *
 * @returns Y [T, D, B, H], then the last states [D, B, H]; with layout 1, [B, T, D, H] and [B, D, H]
 * @throws UnsupportedOpError if the sequence is longer than 1024 steps in all directions
 */
export function unroll(ctx: LowerContext, cell: Cell): (Value | null)[] {
  const { b, node, input, optional } = ctx;
  const isBatchFirst = node.int("layout", 0) === 1;
  const x = isBatchFirst ? b.transpose(input(0), [1, 0, 2]) : input(0);
  const [steps, batch] = [x.dims[0]!, x.dims[1]!]; // X has three axes
  const kind = node.string("direction", "forward").toLowerCase();
  const count = kind === "bidirectional" ? 2 : 1;
  if (steps * count > MAX_STEPS) throw tooLong(ctx, steps * count);
  const hidden = input(2).dims[2]!;
  const lens = openLengths(optional(4), steps);
  const given = activationsOf(node, cell.activations, count);
  const limit = node.float("clip", 0);
  const clip = (v: Value): Value =>
    limit > 0 ? b.op("Clip", [v, b.scalar(-limit, v.dtype), b.scalar(limit, v.dtype)]) : v;
  const part = (value: Value | null, d: number): Value | null => value && partOf(b, value, d, 0);

  const runs = given.map((activations, d) => {
    const isReverse = kind === "reverse" || d === 1;
    const bias = part(optional(3), d);
    const [inputBias, recurrenceBias] = bias
      ? b.ops("Split", [bias, b.ints([cell.gates * hidden, cell.gates * hidden])], 2, { axis: 0 })
      : [null, null];
    const direction: Direction = {
      b,
      hidden,
      activations,
      clip,
      recurrence: part(input(2), d)!, // R is given
      recurrenceBias: recurrenceBias ?? null,
      peepholes: part(optional(7), d),
    };
    const projectionBias =
      inputBias && recurrenceBias && cell.mergesBias ? b.add(inputBias, recurrenceBias) : inputBias;
    const initial = Array.from({ length: cell.states }, (_, i) => {
      const value = optional(5 + i);
      return value === null ? b.full([batch, hidden], 0, x.dtype) : partOf(b, value, d, isBatchFirst ? 1 : 0);
    });
    // Each sequence is reversed within its own length, and its outputs are put back.
    const turn = (v: Value): Value =>
      b.op("ReverseSequence", [v, b.cast(lens!, "int64")], { batch_axis: 1, time_axis: 0 });
    const projected = project(b, isReverse && lens ? turn(x) : x, part(input(1), d)!, projectionBias ?? null);
    const order = isReverse && !lens ? projected.toReversed() : projected;
    const { outputs, states } = walk(cell, direction, { order, initial, lens });
    if (isReverse && !lens) outputs.reverse();
    const y = b.reshape(b.concat(outputs, 0), [steps, batch, hidden]);
    return { y: b.unsqueeze(isReverse && lens ? turn(y) : y, [1]), states };
  });

  const last = Array.from({ length: cell.states }, (_, i) => {
    const axis = isBatchFirst ? 1 : 0;
    return node.hasOutput(1 + i)
      ? b.concat(
          runs.map((run) => b.unsqueeze(run.states[i]!, [axis])),
          axis,
        )
      : null;
  });
  if (!node.hasOutput(0)) return [null, ...last];
  const y = b.concat(
    runs.map((run) => run.y),
    1,
  );
  return [isBatchFirst ? b.transpose(y, [2, 0, 1, 3]) : y, ...last];
}

/** Entry `d` along an axis, which is removed. */
function partOf(b: OpBuilder, value: Value, d: number, axis: number): Value {
  const dims = value.dims.filter((_, i) => i !== axis);
  if (value.dims[axis] === 1) return b.reshape(value, dims);
  return b.reshape(b.slice(value, { starts: [d], ends: [d + 1], axes: [axis] }), dims);
}

/** Lengths of the sequences, or null if all of them are known to be whole. */
function openLengths(lens: Value | null, steps: number): Value | null {
  if (lens?.constant && toNumbers(lens.constant).every((n) => n >= steps)) return null;
  return lens;
}

/** W·x + b of every step, as one product: a list of [B, G·H]. */
function project(b: OpBuilder, x: Value, weight: Value, bias: Value | null): Value[] {
  const [steps, batch, size] = x.dims;
  const rows = b.reshape(x, [steps! * batch!, size!]);
  const all = b.op("Gemm", bias ? [rows, weight, bias] : [rows, weight], { transB: 1 });
  return splitEvenly(b, all, steps!, 0);
}

/** `parts` equal parts along an axis. One Split, whose derivative is one Concat however many parts there are. */
export function splitEvenly(b: OpBuilder, x: Value, parts: number, axis: number): Value[] {
  if (parts === 1) return [x];
  const size = x.dims[axis]! / parts;
  return b.ops("Split", [x, b.ints(new Array<number>(parts).fill(size))], parts, { axis });
}

interface Walk {
  readonly order: readonly Value[];
  readonly initial: readonly Value[];
  readonly lens: Value | null;
}

function walk(
  cell: Cell,
  direction: Direction,
  { order, initial, lens }: Walk,
): { outputs: Value[]; states: readonly Value[] } {
  const { b } = direction;
  let states = initial;
  const limits = lens === null ? null : b.unsqueeze(b.cast(lens, "int64"), [1]);
  const outputs = order.map((projected, t) => {
    const next = cell.step(direction, projected, states);
    if (limits === null) {
      states = next;
      return next[0]!;
    }
    // A sequence that has ended keeps its states and puts out zeros.
    const runs = b.op("Less", [b.scalar(t, "int64"), limits]);
    states = next.map((value, i) => b.where(runs, value, states[i]!));
    return b.where(runs, next[0]!, b.scalar(0, projected.dtype));
  });
  return { outputs, states };
}

function tooLong({ node, opset }: LowerContext, steps: number): UnsupportedOpError {
  return new UnsupportedOpError(
    `${node.describe()} (domain ai.onnx, opset ${opset}): has ${steps} steps to write out, more than ${MAX_STEPS}. ` +
      "Train on shorter sequences: give a smaller --dim for the time axis.",
    { details: { node: node.name, opType: node.opType, opset, steps, limit: MAX_STEPS } },
  );
}
