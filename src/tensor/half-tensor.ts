import type { DataType } from "./data-type.ts";
import { bfloat16ToFloat, floatToBfloat16, floatToHalf, halfToFloat } from "./half.ts";
import { type Tensor, tensor } from "./tensor.ts";

export function isHalf(dtype: DataType): dtype is "float16" | "bfloat16" {
  return dtype === "float16" || dtype === "bfloat16";
}

/** float32 for half floats, every other dtype itself. */
export function widened(dtype: DataType): DataType {
  return isHalf(dtype) ? "float32" : dtype;
}

/** A tensor of half floats as float32, exactly; any other tensor itself. */
export function inFloat32(t: Tensor): Tensor {
  if (!isHalf(t.dtype)) return t;
  const read = t.dtype === "float16" ? halfToFloat : bfloat16ToFloat;
  return tensor("float32", t.dims, Float32Array.from(t.data as Uint16Array, read)); // half floats are held as their bits
}

/** `inFloat32` that gives the same tensor again for the same tensor, for whoever makes several graphs of one model. */
export function widening(): (t: Tensor) => Tensor {
  const made = new WeakMap<Tensor, Tensor>();
  return (t) => {
    const wide = made.get(t) ?? inFloat32(t);
    made.set(t, wide);
    return wide;
  };
}

/** A float32 tensor in half floats of the given dtype, rounded to the nearest, ties to even; any other as it is. */
export function narrowed(t: Tensor, dtype: DataType): Tensor {
  if (t.dtype !== "float32" || !isHalf(dtype)) return t;
  const bits = dtype === "float16" ? floatToHalf : floatToBfloat16;
  return tensor(dtype, t.dims, Uint16Array.from(t.data as Float32Array, bits)); // the dtype was checked just above
}
