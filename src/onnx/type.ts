import type { DataType } from "../tensor/data-type.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";

/** One dimension as a file declares it: a number, a symbol such as `batch`, or unknown. */
export type Dim = number | string | null;

/** A tensor type as a file declares it; `dims` null means that not even the rank is known. */
export interface DeclaredType {
  readonly dtype: DataType;
  readonly dims: readonly Dim[] | null;
}

/** The type of a value in a lowered graph: every dimension is a number. */
export interface TensorType {
  readonly dtype: DataType;
  readonly dims: Shape;
}

export function tensorType(dtype: DataType, dims: Shape): TensorType {
  return { dtype, dims };
}

/** `float32[2, 3]`, the way messages and printed graphs show types. */
export function formatType(type: TensorType): string {
  return `${type.dtype}${formatShape(type.dims)}`;
}
