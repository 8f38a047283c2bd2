import type { Value } from "../onnx/value.ts";
import type { DataType } from "../tensor/data-type.ts";
import { floatToBfloat16, floatToHalf } from "../tensor/half.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { OpBuilder } from "./op-builder.ts";

/**
 * A linear map along one axis: output `o` is Σ weights[o · input + i] · input `i`. Pooling by averages and resizing are
 * such a map per axis, so that forward and backward are matrix products.
 */
export interface AxisMap {
  readonly axis: number;
  readonly input: number;
  readonly output: number;
  /** [output, input], row-major. */
  readonly weights: Float64Array;
}

/** An axis map from the weights of each output: pairs of input index and weight; equal indices add up. */
export function axisMap(
  axis: number,
  size: { readonly input: number; readonly output: number },
  row: (o: number) => Iterable<readonly [index: number, weight: number]>,
): AxisMap {
  const weights = new Float64Array(size.output * size.input);
  for (let o = 0; o < size.output; o++)
    for (const [i, w] of row(o)) weights[o * size.input + i] = weights[o * size.input + i]! + w;
  return { axis, input: size.input, output: size.output, weights };
}

/** Applies maps of different axes to `x`; those that shrink it most go first. */
export function applyMaps(b: OpBuilder, x: Value, maps: readonly AxisMap[]): Value {
  return [...maps]
    .sort((p, q) => p.output / p.input - q.output / q.input)
    .reduce((y, m) => apply(b, y, m), x);
}

/** The derivative of `applyMaps`: applies the transposed maps to a cotangent. */
export function applyTransposed(b: OpBuilder, ct: Value, maps: readonly AxisMap[]): Value {
  return applyMaps(b, ct, maps.map(transposed));
}

function transposed(m: AxisMap): AxisMap {
  const weights = new Float64Array(m.weights.length);
  for (let o = 0; o < m.output; o++)
    for (let i = 0; i < m.input; i++) weights[i * m.output + o] = m.weights[o * m.input + i]!;
  return { axis: m.axis, input: m.output, output: m.input, weights };
}

function apply(b: OpBuilder, x: Value, m: AxisMap): Value {
  const outer = x.dims.slice(0, m.axis);
  const inner = x.dims.slice(m.axis + 1);
  const dims = [...outer, m.output, ...inner];
  if (sizeOf(inner) === 1) {
    const right = b.constant(floatTensor(x.dtype, [m.input, m.output], transposed(m).weights));
    return b.reshape(b.matmul(b.reshape(x, [sizeOf(outer), m.input]), right), dims);
  }
  const left = b.constant(floatTensor(x.dtype, [m.output, m.input], m.weights));
  return b.reshape(b.matmul(left, b.reshape(x, [sizeOf(outer), m.input, sizeOf(inner)])), dims);
}

/** A tensor of a float dtype from numbers, rounded to nearest. */
export function floatTensor(dtype: DataType, dims: readonly number[], values: ArrayLike<number>): Tensor {
  const out = zeros(dtype, dims);
  // A float dtype is held in an array of numbers: values, or the bits of half floats.
  const data = out.data as Float32Array | Float64Array | Uint16Array;
  const bitsOf =
    dtype === "float16" ? floatToHalf : dtype === "bfloat16" ? floatToBfloat16 : (v: number) => v;
  for (let i = 0; i < data.length; i++) data[i] = bitsOf(values[i]!);
  return out;
}
