import type { Value } from "../onnx/value.ts";
import { toNumbers } from "../tensor/tensor.ts";
import type { OpBuilder } from "./op-builder.ts";

/** Where the cotangent of a Gather goes: `dims` is the shape gathered from, `indices` those of the Gather. */
export interface GatherPlace {
  readonly dims: readonly number[];
  readonly axis: number;
  readonly indices: Value;
}

/**
 * Adds the slices of `ct` into zeros at the places that a Gather took them from; the transpose of Gather.
 *
 * ScatterND(add) along the first axis is the fastest form on the CPU provider; other axes are brought to the front.
 * Constant indices that ascend without a gap (`x[:, 0]`, a split written as Gather) need only zero padding.
 */
export function scatterGathered(b: OpBuilder, ct: Value, { dims, axis, indices }: GatherPlace): Value {
  const count = indices.dims.length;
  const flat = b.reshape(ct, [
    ...dims.slice(0, axis),
    indices.dims.reduce((n, d) => n * d, 1),
    ...dims.slice(axis + 1),
  ]);
  const first = firstOfRun(indices, dims[axis]!);
  if (first !== null) {
    const begin = dims.map((_, i) => (i === axis ? first : 0));
    return b.pad(
      flat,
      begin,
      dims.map((d, i) => (i === axis ? d - first - flat.dims[axis]! : 0)),
    );
  }
  if (axis === 0) {
    const zeros = b.full(dims, 0, ct.dtype);
    const places = b.unsqueeze(b.cast(indices, "int64"), [count]);
    return b.op("ScatterND", [zeros, places, ct], { reduction: "add" });
  }
  const toFront = [axis, ...dims.map((_, i) => i).filter((i) => i !== axis)];
  const front = toFront.map((i) => dims[i]!);
  const places = b.reshape(b.cast(indices, "int64"), [flat.dims[axis]!, 1]);
  const sums = b.op("ScatterND", [b.full(front, 0, ct.dtype), places, b.transpose(flat, toFront)], {
    reduction: "add",
  });
  return b.transpose(
    sums,
    toFront.map((_, i) => toFront.indexOf(i)),
  );
}

/** Where constant indices start, if they ascend one by one; null if they do not or are not constant. */
function firstOfRun(indices: Value, length: number): number | null {
  if (indices.constant === null) return null;
  const places = toNumbers(indices.constant).map((i) => (i < 0 ? i + length : i));
  const [first] = places;
  if (first === undefined || places.some((p, i) => p !== first + i)) return null;
  return first;
}
