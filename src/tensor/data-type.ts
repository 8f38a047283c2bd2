/** Element types of ONNX tensors, by the names that the ONNX specification prints in lower case. */
export type DataType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "bool"
  | "string"
  | "complex64"
  | "complex128"
  | "float8e4m3fn"
  | "float8e4m3fnuz"
  | "float8e5m2"
  | "float8e5m2fnuz"
  | "float8e8m0"
  | "uint4"
  | "int4"
  | "float4e2m1"
  | "float6e2m3"
  | "float6e3m2"
  | "uint2"
  | "int2";

/** The typed array that holds each dtype in memory. Types narrower than a byte are packed as in ONNX raw data. */
export interface DataTypeArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  string: readonly string[];
  complex64: Float32Array;
  complex128: Float64Array;
  float8e4m3fn: Uint8Array;
  float8e4m3fnuz: Uint8Array;
  float8e5m2: Uint8Array;
  float8e5m2fnuz: Uint8Array;
  float8e8m0: Uint8Array;
  uint4: Uint8Array;
  int4: Uint8Array;
  float4e2m1: Uint8Array;
  float6e2m3: Uint8Array;
  float6e3m2: Uint8Array;
  uint2: Uint8Array;
  int2: Uint8Array;
}

export type TensorData = DataTypeArrays[DataType];
/** Every array type of `TensorData` that is backed by a buffer (all but strings). */
export type NumericData = Exclude<TensorData, readonly string[]>;

interface DataTypeInfo {
  /** Value of `TensorProto.DataType` in the ONNX protobuf. */
  readonly code: number;
  /** Bits per element; 0 for strings, which have no fixed size. */
  readonly bits: number;
  readonly array: (new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => NumericData) | null;
}

/** Code, width and array type of each dtype. Codes: onnx.proto, message TensorProto, enum DataType. */
export const dataTypes: Readonly<Record<DataType, DataTypeInfo>> = {
  float32: { code: 1, bits: 32, array: Float32Array },
  uint8: { code: 2, bits: 8, array: Uint8Array },
  int8: { code: 3, bits: 8, array: Int8Array },
  uint16: { code: 4, bits: 16, array: Uint16Array },
  int16: { code: 5, bits: 16, array: Int16Array },
  int32: { code: 6, bits: 32, array: Int32Array },
  int64: { code: 7, bits: 64, array: BigInt64Array },
  string: { code: 8, bits: 0, array: null },
  bool: { code: 9, bits: 8, array: Uint8Array },
  float16: { code: 10, bits: 16, array: Uint16Array },
  float64: { code: 11, bits: 64, array: Float64Array },
  uint32: { code: 12, bits: 32, array: Uint32Array },
  uint64: { code: 13, bits: 64, array: BigUint64Array },
  complex64: { code: 14, bits: 64, array: Float32Array },
  complex128: { code: 15, bits: 128, array: Float64Array },
  bfloat16: { code: 16, bits: 16, array: Uint16Array },
  float8e4m3fn: { code: 17, bits: 8, array: Uint8Array },
  float8e4m3fnuz: { code: 18, bits: 8, array: Uint8Array },
  float8e5m2: { code: 19, bits: 8, array: Uint8Array },
  float8e5m2fnuz: { code: 20, bits: 8, array: Uint8Array },
  uint4: { code: 21, bits: 4, array: Uint8Array },
  int4: { code: 22, bits: 4, array: Uint8Array },
  float4e2m1: { code: 23, bits: 4, array: Uint8Array },
  float6e2m3: { code: 27, bits: 6, array: Uint8Array },
  float6e3m2: { code: 28, bits: 6, array: Uint8Array },
  float8e8m0: { code: 24, bits: 8, array: Uint8Array },
  uint2: { code: 25, bits: 2, array: Uint8Array },
  int2: { code: 26, bits: 2, array: Uint8Array },
};

const byCode: ReadonlyMap<number, DataType> = new Map(
  // Object.entries widens the keys to string; the record's type has exactly these keys.
  (Object.entries(dataTypes) as [DataType, DataTypeInfo][]).map(([name, info]) => [info.code, name]),
);

/** The dtype of a `TensorProto.DataType` value, or null for one that ONNX does not define. */
export function dataTypeOfCode(code: number): DataType | null {
  return byCode.get(code) ?? null;
}

/** Whether gradients can flow through values of this dtype. */
export function isFloat(dtype: DataType): dtype is "float32" | "float64" | "float16" | "bfloat16" {
  return dtype === "float32" || dtype === "float64" || dtype === "float16" || dtype === "bfloat16";
}

/** Bytes that `count` elements of this dtype take (sub-byte types are packed); 0 for strings. */
export function byteLengthOf(dtype: DataType, count: number): number {
  return Math.ceil((count * dataTypes[dtype].bits) / 8);
}
