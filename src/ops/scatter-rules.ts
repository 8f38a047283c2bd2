import type { Value } from "../onnx/value.ts";
import { sizeOf, stridesOf } from "../tensor/shape.ts";
import { int64s, toNumbers } from "../tensor/tensor.ts";
import type { OpBuilder } from "./op-builder.ts";

// ONNX Runtime's ScatterND(add) on the CPU provider runs over its updates in parallel without locks: where indices
// repeat it loses some of them, now and then (seen in 1.30.0 with two threads on the gradient of an embedding). So
// sums go through ScatterElements, which is sequential there.

/** Where the cotangent of a Gather goes: `dims` is the shape gathered from, `indices` those of the Gather. */
export interface GatherPlace {
  readonly dims: readonly number[];
  readonly axis: number;
  readonly indices: Value;
}

/**
 * Adds the slices of `ct` into zeros at the places that a Gather took them from; the transpose of Gather.
 * Constant indices that ascend without a gap (`x[:, 0]`, a split written as Gather) need only zero padding.
 */
export function scatterGathered(b: OpBuilder, ct: Value, { dims, axis, indices }: GatherPlace): Value {
  const count = sizeOf(indices.dims);
  const flatDims = dims.map((d, i) => (i === axis ? count : d));
  const flat = b.reshape(ct, flatDims);
  const first = firstOfRun(indices, dims[axis]!);
  if (first !== null) {
    const begin = dims.map((_, i) => (i === axis ? first : 0));
    const end = dims.map((d, i) => (i === axis ? d - first - count : 0));
    return b.pad(flat, begin, end);
  }
  const places = b.reshape(
    indices,
    dims.map((_, i) => (i === axis ? count : 1)),
  );
  return b.op("ScatterElements", [b.full(dims, 0, ct.dtype), b.expand(places, flatDims), flat], {
    axis,
    reduction: "add",
  });
}

/** Where constant indices start, if they ascend one by one; null if they do not or are not constant. */
function firstOfRun(indices: Value, length: number): number | null {
  if (indices.constant === null) return null;
  const places = toNumbers(indices.constant).map((i) => (i < 0 ? i + length : i));
  const [first] = places;
  if (first === undefined || places.some((p, i) => p !== first + i)) return null;
  return first;
}

/** `data` plus slices of `updates` at index tuples (the last axis of `indices`): ScatterND(add) that loses nothing. */
export function addAtTuples(b: OpBuilder, data: Value, indices: Value, updates: Value): Value {
  const depth = indices.dims.at(-1)!; // index tuples lie along an axis, so there is one
  const outer = data.dims.slice(0, depth);
  const inner = sizeOf(data.dims.slice(depth));
  const count = sizeOf(indices.dims.slice(0, -1));
  const rows = b.expand(b.reshape(flatIndices(b, indices, outer), [count, 1]), [count, inner]);
  const sums = b.op(
    "ScatterElements",
    [b.reshape(data, [sizeOf(outer), inner]), rows, b.reshape(updates, [count, inner])],
    { axis: 0, reduction: "add" },
  );
  return b.reshape(sums, data.dims);
}

/** Index tuples as places in the flattened axes `outer`, negative entries counted from the end. */
function flatIndices(b: OpBuilder, indices: Value, outer: readonly number[]): Value {
  const strides = stridesOf(outer);
  if (indices.constant !== null) {
    const entries = toNumbers(indices.constant);
    const places = new Array<number>(entries.length / outer.length).fill(0);
    entries.forEach((entry, i) => {
      const k = i % outer.length;
      places[Math.floor(i / outer.length)]! += (entry < 0 ? entry + outer[k]! : entry) * strides[k]!;
    });
    return b.constant(int64s(places));
  }
  const fromFront = b.where(
    b.op("Less", [indices, b.scalar(0, "int64")]),
    b.add(indices, b.ints(outer)),
    indices,
  );
  return b.reduceSum(b.mul(fromFront, b.ints(strides)), [-1], false);
}
