import type { Value } from "../onnx/value.ts";
import type { OpBuilder } from "./op-builder.ts";

// Derivatives of products that divide by nothing, so that they hold at zeros, and so that their own derivatives do. Each
// takes ⌈log₂ n⌉ rounds, in which every element meets the one 1, 2, 4 … places further on.

/** Where a running product or sum goes: along `axis`, from its end toward its start if `reverse`. */
export interface Run {
  readonly axis: number;
  readonly reverse: boolean;
}

/** For each element, the product of all others along an axis; `x` of any shape, the result of the same. */
export function productOfOthers(b: OpBuilder, x: Value, axis: number): Value {
  return b.mul(productBefore(b, x, { axis, reverse: false }), productBefore(b, x, { axis, reverse: true }));
}

/** For each element, the product of those before it in the run; 1 for the first. */
function productBefore(b: OpBuilder, x: Value, { axis, reverse }: Run): Value {
  let product = advance(b, x, { axis, reverse }, -1, 1);
  for (let d = 1; d < x.dims[axis]!; d *= 2)
    product = b.mul(product, advance(b, product, { axis, reverse }, -d, 1));
  return product;
}

/** The solution s of s_k = terms_k + x_{k+1} s_{k+1}, with k + 1 the next in the run and 0 behind the last. */
export function sumsBehind(b: OpBuilder, terms: Value, x: Value, run: Run): Value {
  let sum = terms;
  let factor = next(b, x, run);
  for (let d = 1; d < x.dims[run.axis]!; d *= 2) {
    sum = b.add(sum, b.mul(factor, advance(b, sum, run, d, 0)));
    factor = b.mul(factor, advance(b, factor, run, d, 0));
  }
  return sum;
}

/** For each element, the next one in the run; 0 for the last. */
export function next(b: OpBuilder, x: Value, run: Run): Value {
  return advance(b, x, run, 1, 0);
}

/** For each element, the one `by` places further in the run (negative: before it), or `fill` where there is none. */
function advance(b: OpBuilder, x: Value, { axis, reverse }: Run, by: number, fill: number): Value {
  const places = Math.max(-x.dims[axis]!, Math.min(x.dims[axis]!, reverse ? -by : by));
  const pads = new Array<number>(2 * x.dims.length).fill(0);
  pads[axis] = -places;
  pads[x.dims.length + axis] = places;
  return b.op("Pad", [x, b.ints(pads), b.scalar(fill, x.dtype)], { mode: "constant" });
}
