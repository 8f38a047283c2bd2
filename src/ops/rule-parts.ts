import type { Value } from "../onnx/value.ts";
import type { DataType } from "../tensor/data-type.ts";
import { bfloat16ToFloat, halfToFloat } from "../tensor/half.ts";
import { defineOp, LATEST, type PrimitiveOp, type VjpContext } from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";
import { sameAsInput } from "./typing-rules.ts";

/** What the derivative of an elementwise function may read: its input, its output, and the output's cotangent. */
export interface ElementwisePoint extends VjpContext {
  readonly x: Value;
  readonly y: Value;
}

/** A primitive that maps each element of its one input, given the cotangent of that input. */
export function elementwise(
  opType: string,
  since: number,
  dx: (point: ElementwisePoint) => Value,
): PrimitiveOp {
  return defineOp({
    opType,
    opsets: [since, LATEST],
    infer: sameAsInput,
    vjp: (ctx) => [dx({ ...ctx, ct: ctx.ct, x: ctx.node.input(0), y: ctx.node.output() })],
  });
}

/** A primitive that keeps the type of its input and is locally constant. */
export function locallyConstant(opType: string, since: number): PrimitiveOp {
  return defineOp({ opType, opsets: [since, LATEST], infer: sameAsInput, vjp: "zero" });
}

/** 1 where `left` > `right`, else 0 (also where either is NaN). */
export function isGreater(b: OpBuilder, left: Value, right: Value, dtype: DataType): Value {
  return b.cast(b.op("Greater", [left, right]), dtype);
}

/** 1 where two values are equal, else 0. */
export function isEqual(b: OpBuilder, left: Value, right: Value, dtype: DataType): Value {
  return b.cast(b.op("Equal", [left, right]), dtype);
}

/** −1, 0 or 1. Made of comparisons, because not every provider runs Sign. */
export function signOf(b: OpBuilder, x: Value): Value {
  const zero = b.scalar(0, x.dtype);
  return b.sub(isGreater(b, x, zero, x.dtype), isGreater(b, zero, x, x.dtype));
}

/** `x`, with 1 in the place of each 0: a divisor or argument of a logarithm that is always safe. */
export function oneForZero(b: OpBuilder, x: Value): Value {
  const isZero = b.op("Equal", [x, b.scalar(0, x.dtype)]);
  return b.where(isZero, b.scalar(1, x.dtype), x);
}

/** The number that all elements of a constant share; null if they differ, or if the value is not constant. */
export function uniformConstant(value: Value): number | null {
  const { constant } = value;
  if (constant === null || constant.dtype === "string" || constant.data.length === 0) return null;
  const data = constant.data as ArrayLike<number | bigint>; // every array of a numeric dtype is one of these
  const first = data[0];
  for (let i = 1; i < data.length; i++) if (data[i] !== first) return null;
  const bits = Number(first);
  if (constant.dtype === "float16") return halfToFloat(bits);
  return constant.dtype === "bfloat16" ? bfloat16ToFloat(bits) : bits;
}

/** What the derivative of a standardisation reads. */
export interface Standardized {
  /** Cotangent of x̂. */
  readonly g: Value;
  /** (x − mean) / σ, or x / rms. */
  readonly xhat: Value;
  /** 1 / σ, with ones in the place of `axes`. */
  readonly inverse: Value;
  readonly axes: readonly number[];
  /** Whether the mean was subtracted. */
  readonly centred: boolean;
}

/** dx = (g − mean g − x̂ · mean(g x̂)) / σ; without the mean of g where none was subtracted from x. */
export function standardizeVjp(b: OpBuilder, { g, xhat, inverse, axes, centred }: Standardized): Value {
  const along = b.mul(xhat, b.reduceMean(b.mul(g, xhat), axes, true));
  const rest = centred ? b.sub(g, b.reduceMean(g, axes, true)) : g;
  return b.mul(b.sub(rest, along), inverse);
}
