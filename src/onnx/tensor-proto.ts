import { create } from "@bufbuild/protobuf";
import { ModelError } from "../errors.ts";
import {
  byteLengthOf,
  type DataType,
  type DataTypeArrays,
  dataTypeOfCode,
  dataTypes,
  type NumericData,
} from "../tensor/data-type.ts";
import { bytesOf, type Tensor } from "../tensor/tensor.ts";
import { type TensorProto, TensorProto_DataLocation, TensorProtoSchema } from "./proto/onnx-ml_pb.ts";

/** More elements than this cannot be addressed by a typed array, so a file that asks for them is damaged. */
const MAX_ELEMENTS = 2 ** 40;

/** Concrete dimensions of a stored tensor. @throws ModelError if one is negative or their product overflows */
export function decodeDims(proto: TensorProto): number[] {
  let count = 1;
  const dims = proto.dims.map((d) => {
    if (d < 0n || d > BigInt(MAX_ELEMENTS)) {
      throw new ModelError(
        `tensor "${proto.name}": dimension ${d} is out of range 0 … 2^40; the file is damaged`,
      );
    }
    count *= Number(d);
    return Number(d);
  });
  if (!dims.includes(0) && count > MAX_ELEMENTS) {
    throw new ModelError(
      `tensor "${proto.name}": dimensions [${dims.join(", ")}] hold more than 2^40 elements`,
    );
  }
  return dims;
}

/** The dtype of a stored tensor. @throws ModelError for a code that ONNX does not define */
export function decodeDataType(code: number, where: string): DataType {
  const dtype = dataTypeOfCode(code);
  if (dtype === null) {
    throw new ModelError(`${where}: element type ${code} is not one that ONNX defines (1 … 26)`);
  }
  return dtype;
}

/**
 * A stored tensor as a tensor. `external` gives the bytes of a tensor whose data lies in another file.
 *
 * @throws ModelError if the data does not hold as many elements as the dimensions say
 */
export function decodeTensor(proto: TensorProto, external?: Uint8Array): Tensor {
  const dtype = decodeDataType(proto.dataType, `tensor "${proto.name}"`);
  const dims = decodeDims(proto);
  const count = dims.reduce((a, b) => a * b, 1);
  if (dtype === "string") {
    const strings = proto.stringData.map((bytes) => new TextDecoder().decode(bytes));
    checkCount(proto, strings.length, count, "strings");
    return { dtype, dims, data: strings };
  }
  const bytes = external ?? (proto.rawData.length > 0 ? proto.rawData : null);
  if (bytes !== null) {
    checkCount(proto, bytes.length, byteLengthOf(dtype, count), "bytes");
    return { dtype, dims, data: viewBytes(dtype, bytes) };
  }
  if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    throw new ModelError(
      `tensor "${proto.name}": its data lies in another file, and none was given; load the model by its path`,
    );
  }
  return { dtype, dims, data: decodeTypedField(proto, dtype, count) };
}

/** Typed view on raw little-endian bytes; copies where the bytes are not aligned. */
function viewBytes<T extends Exclude<DataType, "string">>(dtype: T, bytes: Uint8Array): DataTypeArrays[T] {
  const ArrayType = dataTypes[dtype].array!; // only strings have none
  const width = Math.max(1, Math.min(8, dataTypes[dtype].bits / 8));
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes); // not slice(): on a Buffer that is no copy
  const elementBytes = new ArrayType(new ArrayBuffer(0)).BYTES_PER_ELEMENT;
  const view = new ArrayType(aligned.buffer, aligned.byteOffset, aligned.byteLength / elementBytes);
  // The record pairs each dtype with its own array type; TypeScript cannot follow the lookup.
  return view as unknown as DataTypeArrays[T];
}

function decodeTypedField(
  proto: TensorProto,
  dtype: Exclude<DataType, "string">,
  count: number,
): NumericData {
  const values = typedField(proto, dtype);
  const info = dataTypes[dtype];
  const perElement = dtype === "complex64" || dtype === "complex128" ? 2 : 1;
  const expected = info.bits < 8 ? byteLengthOf(dtype, count) : count * perElement;
  checkCount(proto, values.length, expected, "values");
  const array = new info.array!(new ArrayBuffer(byteLengthOf(dtype, count))) as {
    [i: number]: number | bigint;
  };
  for (let i = 0; i < values.length; i++) array[i] = values[i]!;
  return array as unknown as NumericData;
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

function checkCount(proto: TensorProto, got: number, expected: number, unit: string): void {
  if (got === expected) return;
  throw new ModelError(
    `tensor "${proto.name}": dimensions [${proto.dims.join(", ")}] need ${expected} ${unit}, the file holds ${got}`,
    { details: { tensor: proto.name, expected, got } },
  );
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
