import type { Value } from "../../onnx/value.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";
import type { RowLayout } from "../../optim/row-layout.ts";
import { graphArithmetic, sumAll, toFloat32 } from "./graph-arithmetic.ts";
import type { StepInputs } from "./step-graph.ts";

type Memory = NonNullable<StepInputs["memory"]>;

/**
 * A rule with a memory looks at the tensor before its step.
 *
 * @param d θ − θ0
 * @returns what it remembers from now on, and the coupling at the step's strength, float64 []; null for other rules
 */
export function lookBefore(
  b: OpBuilder,
  { rule, strength, gradient: g, memory }: StepInputs,
  d: Value,
): { readonly memory: Memory; readonly coupling: Value | undefined } | null {
  const before = rule.memory?.before;
  if (!before || memory === null) return null;
  const scalars = graphArithmetic(b, "float64");
  const zero = b.scalar(0, "float64");
  const dot = (x: Value, y: Value) => sumAll(b, b.mul(x, y));
  const { array } = memory;
  const found = before(scalars, numbersOf(b, memory.numbers), {
    along: array === null ? zero : dot(g, array),
    ...(rule.memory.looksAtDeviation
      ? { gd: dot(g, d), dd: dot(d, d), gg: dot(g, g) }
      : { gd: zero, dd: zero, gg: zero }),
  });
  const kept = found.keep === undefined ? array : b.mul(toFloat32(b, found.keep), d);
  return {
    memory: { array: kept, numbers: asNumbers(b, found.numbers) },
    coupling: found.coupling && scalars.mul(scalars.constant(strength), found.coupling),
  };
}

/**
 * And row by row after it.
 *
 * @param after.moved θ̃ − θ0
 * @returns r of each row, float64 [groups, 1, rows, 1]
 */
export function lookAtRows(
  b: OpBuilder,
  { rule, layout }: StepInputs,
  { memory, moved }: { readonly memory: Memory; readonly moved: Value },
): { readonly memory: Memory; readonly ratio: Value } {
  const { row, after } = rule.memory!; // the caller saw that it has rows
  const scalars = graphArithmetic(b, "float64");
  const distances = rowDistances(b, moved, layout);
  const largest = b.reduceMax(distances, [0, 1, 2, 3], false);
  const before = numbersOf(b, memory.numbers);
  const now = after?.(scalars, before, largest) ?? before;
  const { ratio, keep } = row!(scalars, now, distances);
  const kept = b.mul(b.cast(keep, "float32"), asRows(b, moved, layout));
  return { memory: { array: b.reshape(kept, moved.dims), numbers: asNumbers(b, now) }, ratio };
}

export function asRows(b: OpBuilder, x: Value, { groups, outer, rows, inner }: RowLayout): Value {
  return b.reshape(x, [groups, outer, rows, inner]);
}

/** Σ |x| over each row, float64 [groups, 1, rows, 1]. */
export function rowDistances(b: OpBuilder, x: Value, layout: RowLayout): Value {
  const each = b.cast(b.op("Abs", [asRows(b, x, layout)]), "float64");
  return b.reduceSum(each, [1, 3], true);
}

/** The elements of a float32 vector, float64 [] each. */
function numbersOf(b: OpBuilder, numbers: Value): Value[] {
  const wide = b.cast(numbers, "float64");
  return Array.from({ length: numbers.dims[0]! }, (_, i) => b.op("Gather", [wide, b.scalar(i, "int64")]));
}

function asNumbers(b: OpBuilder, values: readonly Value[]): Value {
  const each = values.map((x) => b.reshape(toFloat32(b, x), [1]));
  return b.op("Concat", each, { axis: 0 });
}
