import { clearField, create } from "@bufbuild/protobuf";
import { ModelError } from "../errors.ts";
import {
  byteLengthOf,
  type DataType,
  dataTypeOfCode,
  dataTypes,
  type NumericData,
  type TensorData,
} from "../tensor/data-type.ts";
import { sizeOf } from "../tensor/shape.ts";
import { bytesOf, type Tensor } from "../tensor/tensor.ts";
import {
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from "./proto/onnx-ml_pb.ts";
import { shallowCopy } from "./tensor-walk.ts";

/** More elements than this cannot be addressed by a typed array, so a file that asks for them is damaged. */
const MAX_ELEMENTS = 2 ** 40;

/** Concrete dimensions of a stored tensor. @throws ModelError if one is negative or their product overflows */
function decodeDims(proto: TensorProto, where: string): number[] {
  const dims = proto.dims.map((d) => {
    if (d >= 0n && d <= BigInt(MAX_ELEMENTS)) return Number(d);
    throw new ModelError(`${where}: dimension ${d} is out of range 0 … 2^40; the file is damaged`);
  });
  if (countOf(dims) > MAX_ELEMENTS) {
    throw new ModelError(
      `${where}: dimensions [${dims.join(", ")}] hold more than 2^40 elements; the file is damaged`,
    );
  }
  return dims;
}

// The product of the others may overflow to infinity, and infinity times zero is no number.
function countOf(dims: readonly number[]): number {
  return dims.includes(0) ? 0 : sizeOf(dims);
}

/**
 * Bytes that a stored tensor takes as raw data.
 *
 * @throws ModelError for bad dimensions, an unknown element type, and for strings, which have no raw form
 */
export function storedByteLength(proto: TensorProto, where: string): number {
  const dtype = decodeDataType(proto.dataType, where);
  if (dtype === "string") throw new ModelError(`${where}: strings cannot be stored as raw or external data`);
  return byteLengthOf(dtype, countOf(decodeDims(proto, where)));
}

/** The dtype of a stored tensor. @throws ModelError for a code that ONNX does not define */
export function decodeDataType(code: number, where: string): DataType {
  const dtype = dataTypeOfCode(code);
  if (dtype === null) {
    throw new ModelError(`${where}: element type ${code} is not one that ONNX defines (1 … 28)`);
  }
  return dtype;
}

/**
 * A stored tensor as a tensor. `external` gives the bytes of one whose data lies in another file. Raw data is viewed
 * in place where its alignment allows, else copied when `data` is first read.
 *
 * @throws ModelError if the data does not hold as many elements as the dimensions say
 */
export function decodeTensor(
  proto: TensorProto,
  external?: Uint8Array,
  where = `tensor "${proto.name}"`,
): Tensor {
  const dtype = decodeDataType(proto.dataType, where);
  const dims = decodeDims(proto, where);
  const count = countOf(dims);
  if (dtype === "string") {
    checkCount(where, proto, proto.stringData.length, count, "strings");
    return lazyTensor(dtype, dims, () => proto.stringData.map((bytes) => new TextDecoder().decode(bytes)));
  }
  const bytes = external ?? (proto.rawData.length > 0 ? proto.rawData : null);
  if (bytes !== null) {
    checkCount(where, proto, bytes.length, byteLengthOf(dtype, count), "bytes");
    return lazyTensor(dtype, dims, () => viewBytes(dtype, bytes));
  }
  if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    throw new ModelError(
      `${where}: its data lies in another file, and none was given; load the model by its path`,
    );
  }
  const values = typedField(proto, dtype);
  checkCount(where, proto, values.length, typedFieldLength(dtype, count), "values");
  return lazyTensor(dtype, dims, () => {
    const bytes = byteLengthOf(dtype, count);
    return dataTypes[dtype].bits === 6 ? packSixBits(values, bytes) : arrayOf(dtype, values, bytes);
  });
}

/** Entries of the typed field: one per element, two per complex number, one per byte of 4-bit and 2-bit elements. */
function typedFieldLength(dtype: DataType, count: number): number {
  if (dtype === "complex64" || dtype === "complex128") return 2 * count;
  const { bits } = dataTypes[dtype];
  return bits === 2 || bits === 4 ? byteLengthOf(dtype, count) : count;
}

/** Six-bit elements, which typed fields hold one by one, as the stream of bits that raw data is, lowest bits first. */
function packSixBits(values: readonly (number | bigint)[], bytes: number): Uint8Array {
  const out = new Uint8Array(bytes + 1); // the last element may touch one byte more
  for (const [i, value] of values.entries()) {
    const [byte, bit] = [(i * 6) >> 3, (i * 6) & 7];
    const wide = (Number(value) & 0x3f) << bit;
    out[byte] = out[byte]! | (wide & 0xff); // all places are inside: there are as many values as elements
    out[byte + 1] = out[byte + 1]! | (wide >> 8);
  }
  return out.subarray(0, bytes);
}

/** A tensor whose elements are made when they are first read, and then kept. */
function lazyTensor(dtype: DataType, dims: readonly number[], make: () => TensorData): Tensor {
  let data: TensorData | null = null;
  return {
    dtype,
    dims,
    get data() {
      data ??= make();
      return data;
    },
  };
}

/** Bytes per array element of a dtype. */
function elementBytes(dtype: Exclude<DataType, "string">): number {
  return new dataTypes[dtype].array!(new ArrayBuffer(0)).BYTES_PER_ELEMENT; // only strings have no array type
}

/** Typed view on raw little-endian bytes; copies where the bytes are not aligned. */
function viewBytes(dtype: Exclude<DataType, "string">, bytes: Uint8Array): NumericData {
  const width = elementBytes(dtype);
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes); // not slice(): on a Buffer that is no copy
  return new dataTypes[dtype].array!(aligned.buffer, aligned.byteOffset, aligned.byteLength / width);
}

/**
 * Moves a tensor's raw data a few bytes to the front where that aligns it, so that it can be viewed instead of copied.
 * It moves over its own tag and length, which have been read; so the bytes must be the reader's own.
 */
export function alignRawData(proto: TensorProto): void {
  const { rawData } = proto;
  const dtype = dataTypeOfCode(proto.dataType);
  if (dtype === null || dtype === "string" || rawData.length === 0) return;
  const shift = rawData.byteOffset % elementBytes(dtype);
  // The tag takes one byte, the length at least one for every seven of its bits.
  const room = 1 + Math.ceil(Math.log2(rawData.length + 1) / 7);
  if (shift === 0 || shift > room) return;
  const moved = new Uint8Array(rawData.buffer, rawData.byteOffset - shift, rawData.length);
  moved.set(rawData);
  proto.rawData = moved;
}

function arrayOf(
  dtype: Exclude<DataType, "string">,
  values: readonly (number | bigint)[],
  bytes: number,
): NumericData {
  const array = new dataTypes[dtype].array!(new ArrayBuffer(bytes)); // only strings have no array type
  // Typed fields hold numbers for number arrays and bigints for the 64-bit ones, which the union of arrays hides.
  const writable = array as { [i: number]: number | bigint };
  for (let i = 0; i < values.length; i++) writable[i] = values[i]!;
  return array;
}

/** The repeated field that ONNX assigns to each element type when raw data is not used. */
function typedField(proto: TensorProto, dtype: DataType): readonly (number | bigint)[] {
  switch (dtype) {
    case "float32":
    case "complex64":
      return proto.floatData;
    case "float64":
    case "complex128":
      return proto.doubleData;
    case "int64":
      return proto.int64Data;
    case "uint32":
      return proto.uint64Data.map(Number);
    case "uint64":
      return proto.uint64Data;
    default:
      return proto.int32Data;
  }
}

function checkCount(where: string, proto: TensorProto, got: number, expected: number, unit: string): void {
  if (got === expected) return;
  throw new ModelError(
    `${where}: dimensions [${proto.dims.join(", ")}] need ${expected} ${unit}, the file holds ${got}; it is damaged`,
    { details: { tensor: proto.name, expected, got } },
  );
}

/** A copy of a message that holds its elements itself, as the given raw bytes. */
export function withRawData(proto: TensorProto, rawData: Uint8Array): TensorProto {
  const copy = shallowCopy(proto);
  copy.rawData = rawData;
  copy.externalData = [];
  clearField(copy, TensorProtoSchema.field.dataLocation);
  return copy;
}

/** A copy of a message whose elements lie in another file, where the entries say. */
export function withExternalData(
  proto: TensorProto,
  entries: readonly (readonly [string, string])[],
): TensorProto {
  const copy = shallowCopy(proto);
  clearField(copy, TensorProtoSchema.field.rawData);
  copy.dataLocation = TensorProto_DataLocation.EXTERNAL;
  copy.externalData = entries.map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
  return copy;
}

/** A tensor as a message with raw data. `like` keeps the name, docs and unknown fields of the message it replaces. */
export function encodeTensor(tensor: Tensor, name: string, like?: TensorProto): TensorProto {
  const proto = create(TensorProtoSchema, { name, dataType: dataTypes[tensor.dtype].code });
  if (like) {
    if (like.docString) proto.docString = like.docString;
    proto.metadataProps = like.metadataProps;
    if (like.$unknown) proto.$unknown = like.$unknown;
  }
  proto.dims = tensor.dims.map(BigInt);
  if (tensor.dtype === "string") {
    proto.stringData = (tensor.data as readonly string[]).map((s) => new TextEncoder().encode(s));
  } else {
    proto.rawData = bytesOf(tensor.data as NumericData);
  }
  return proto;
}
