import { byteLengthOf, type DataType, type DataTypeArrays, dataTypes, type TensorData } from "./data-type.ts";
import { type Shape, sizeOf } from "./shape.ts";

/** A dense tensor: row-major elements in a typed array. The data may be a view on memory that others share. */
export interface Tensor<T extends DataType = DataType> {
  readonly dtype: T;
  readonly dims: Shape;
  readonly data: DataTypeArrays[T];
}

/**
 * A tensor over existing data.
 *
 * @throws RangeError if the data does not hold exactly as many elements as the dimensions say
 */
export function tensor<T extends DataType>(dtype: T, dims: Shape, data: DataTypeArrays[T]): Tensor<T> {
  const expected = elementsPerArray(dtype, sizeOf(dims));
  if (data.length !== expected) {
    throw new RangeError(
      `${dtype} tensor [${dims.join(", ")}] needs ${expected} array elements, got ${data.length}`,
    );
  }
  return { dtype, dims, data };
}

function elementsPerArray(dtype: DataType, count: number): number {
  if (dtype === "string") return count;
  if (dtype === "complex64" || dtype === "complex128") return 2 * count;
  return dataTypes[dtype].bits < 8 ? byteLengthOf(dtype, count) : count;
}

/** One row of a tensor [B, …] of whole bytes, without a copy. */
export function rowOf<T extends DataType>({ dtype, dims, data }: Tensor<T>, row: number): Tensor<T> {
  const size = sizeOf(dims.slice(1));
  const [start, end] = [row * size, (row + 1) * size];
  const part = Array.isArray(data) ? data.slice(start, end) : (data as Float32Array).subarray(start, end);
  // A part of an array is of the array's own type; TypeScript cannot follow the lookup.
  return { dtype, dims: dims.slice(1), data: part as DataTypeArrays[T] };
}

/** A tensor of zeros (false, for bool; empty strings). */
export function zeros<T extends DataType>(dtype: T, dims: Shape): Tensor<T> {
  return { dtype, dims, data: emptyArray(dtype, sizeOf(dims)) };
}

function emptyArray<T extends DataType>(dtype: T, count: number): DataTypeArrays[T] {
  const { array: ArrayType } = dataTypes[dtype];
  // The record pairs each dtype with its own array type; TypeScript cannot follow the lookup.
  if (ArrayType === null) return new Array<string>(count).fill("") as unknown as DataTypeArrays[T];
  return new ArrayType(new ArrayBuffer(byteLengthOf(dtype, count))) as unknown as DataTypeArrays[T];
}

/** An int64 vector [N]. */
export function int64s(values: readonly number[]): Tensor<"int64"> {
  return { dtype: "int64", dims: [values.length], data: BigInt64Array.from(values, (v) => BigInt(v)) };
}

/** A scalar of the given numeric dtype; float16 and bfloat16 take their bits. */
export function scalar<T extends Exclude<DataType, "string">>(dtype: T, value: number): Tensor<T> {
  const out = zeros(dtype, []);
  const data = out.data as { [i: number]: number | bigint };
  data[0] = dtype === "int64" || dtype === "uint64" ? BigInt(value) : value;
  return out;
}

/** Elements of an integer or bool tensor as JavaScript numbers. */
export function toNumbers(t: Tensor): number[] {
  if (t.dtype === "string") throw new TypeError("internal: toNumbers of a string tensor");
  return Array.from(t.data as ArrayLike<number | bigint>, Number);
}

/** The raw little-endian bytes of a tensor's data, without a copy; not for strings. */
export function bytesOf(data: Exclude<TensorData, readonly string[]>): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
