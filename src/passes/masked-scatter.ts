import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import type { OpBuilder } from "../ops/op-builder.ts";
import { sizeOf } from "../tensor/shape.ts";
import { toNumbers } from "../tensor/tensor.ts";

/** What the rewriting needs of the lowering: what a value of the file became, null if it has no static shape. */
export interface MaskedScatterContext {
  readonly b: OpBuilder;
  valueOf(source: Value): Value | null;
}

/**
 * Lowers the form in which PyTorch exports `masked_scatter` and `x[mask] = values`, the way image features are put
 * between the tokens of a text:
 *
 *     indices = Transpose(NonZero(mask));  ScatterND(data, indices, Slice(source, 0, number of indices))
 *
 * How many indices there are depends on data, but the result does not have that shape. With the n-th true element of
 * the mask at place p, it is source[n] at p: a Gather by a running count, and a Where.
 *
 * @returns null if the node is none of this form
 */
export function lowerMaskedScatter(node: Node, ctx: MaskedScatterContext): Value | null {
  if (node.domain !== "" || node.opType !== "ScatterND" || node.string("reduction", "none") !== "none")
    return null;
  const nonZero = nonZeroBehind(node.input(1));
  if (nonZero === null) return null;
  const data = ctx.valueOf(node.input(0));
  const mask = ctx.valueOf(nonZero.input(0));
  const updates = node.input(2).producer;
  if (data === null || mask === null || updates === null || !takesAll(updates, nonZero, ctx)) return null;
  const source = ctx.valueOf(updates.input(0));
  if (source === null || sizeOf(source.dims) === 0) return null;
  return select(ctx.b, { data, mask, source });
}

/** The NonZero whose transposed coordinates a value holds. */
function nonZeroBehind(indices: Value): Node | null {
  const transpose = indices.producer;
  if (transpose?.opType !== "Transpose") return null;
  const nonZero = transpose.input(0).producer;
  return nonZero?.opType === "NonZero" ? nonZero : null;
}

/** Whether a node is `Slice(source, 0, count)` along the first axis, with the count taken from the shape of the indices. */
function takesAll(slice: Node, nonZero: Node, ctx: MaskedScatterContext): boolean {
  if (slice.opType !== "Slice" || slice.inputs.length < 3) return false;
  const isZero = (i: number) => isAll(slice, i, 0, ctx);
  if (!isZero(1) || (slice.hasInput(3) && !isZero(3))) return false;
  if (slice.hasInput(4) && !isAll(slice, 4, 1, ctx)) return false;
  let value: Value | null = slice.input(2);
  while (value?.producer && value.producer.opType !== "Shape") value = value.producer.inputs[0] ?? null;
  const shaped = value?.producer?.inputs[0] ?? null;
  return shaped !== null && (shaped === nonZero.outputs[0] || nonZeroBehind(shaped) === nonZero);
}

function isAll(node: Node, i: number, wanted: number, ctx: MaskedScatterContext): boolean {
  const constant = ctx.valueOf(node.input(i))?.constant ?? null;
  return constant !== null && toNumbers(constant).every((n) => n === wanted);
}

interface Selection {
  readonly data: Value;
  /** Of the shape of the data, or of its first axes. */
  readonly mask: Value;
  /** What to put at the true places, in their order: [N, the axes of the data that the mask lacks…]. */
  readonly source: Value;
}

function select(b: OpBuilder, { data, mask, source }: Selection): Value {
  const rows = narrowest(mask, data.dims);
  const width = data.dims.slice(rows.depth);
  const count = sizeOf(source.dims) / sizeOf(width);
  // Image features come as whole rows; a source that does not divide into them goes element by element.
  const { flags, depth } = Number.isInteger(count) ? rows : { flags: mask, depth: mask.dims.length };
  const inner = data.dims.slice(depth);
  const values = b.reshape(source, [sizeOf(source.dims) / sizeOf(inner), ...inner]);
  const holds = b.cast(b.reshape(flags, data.dims.slice(0, depth)), "bool");
  const flat = b.reshape(b.cast(holds, "int32"), [sizeOf(holds.dims)]);
  const order = b.shift(b.op("CumSum", [flat, b.scalar(0, "int64")]), -1);
  // Before the first true place the count is −1, and the last may be passed where the mask has more of them.
  const clipped = b.op("Clip", [order, b.scalar(0, "int32"), b.scalar(values.dims[0]! - 1, "int32")]);
  const spread = b.reshape(b.op("Gather", [values, clipped], { axis: 0 }), data.dims);
  return b.where(b.reshape(holds, [...holds.dims, ...inner.map(() => 1)]), spread, data);
}

/** A mask that was expanded along its last axes, before it was: one flag for each row. */
function narrowest(mask: Value, dims: readonly number[]): { flags: Value; depth: number } {
  const before = mask.producer?.opType === "Expand" ? mask.producer.input(0) : mask;
  const whole = { flags: mask, depth: mask.dims.length };
  if (before.dims.length !== mask.dims.length) return whole;
  let depth = mask.dims.length;
  while (depth > 0 && before.dims[depth - 1] === 1) depth--;
  return before.dims.slice(0, depth).every((d, i) => d === dims[i]) ? { flags: before, depth } : whole;
}
