import { create } from "@bufbuild/protobuf";
import { dataTypes } from "../tensor/data-type.ts";
import {
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  type TypeProto,
  TypeProto_TensorSchema,
  TypeProtoSchema,
} from "./proto/onnx-ml_pb.ts";
import { decodeDataType } from "./tensor-proto.ts";
import type { DeclaredType, Dim } from "./type.ts";

/**
 * The declared tensor type, or null for sequences, maps, optionals and sparse tensors.
 *
 * @throws ModelError for an element type that ONNX does not define
 */
export function decodeType(proto: TypeProto | undefined, where: string): DeclaredType | null {
  if (proto?.value.case !== "tensorType") return null;
  const { elemType, shape } = proto.value.value;
  if (elemType === 0) return null;
  const dims = shape?.dim.map((d): Dim => {
    if (d.value.case === "dimParam") return d.value.value || null;
    if (d.value.case !== "dimValue") return null;
    // Some exporters write −1 for "unknown".
    return d.value.value < 0n ? null : Number(d.value.value);
  });
  return { dtype: decodeDataType(elemType, `value "${where}"`), dims: dims ?? null };
}

/** A tensor type as a message. */
export function encodeType(type: DeclaredType): TypeProto {
  const tensor = create(TypeProto_TensorSchema, { elemType: dataTypes[type.dtype].code });
  if (type.dims !== null) {
    tensor.shape = create(TensorShapeProtoSchema, {
      dim: type.dims.map((d) => {
        const dim = create(TensorShapeProto_DimensionSchema);
        if (typeof d === "number") dim.value = { case: "dimValue", value: BigInt(d) };
        if (typeof d === "string") dim.value = { case: "dimParam", value: d };
        return dim;
      }),
    });
  }
  return create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } });
}

/** Whether two declared types say the same. */
export function declaredTypesEqual(a: DeclaredType | null, b: DeclaredType | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.dtype !== b.dtype || a.dims === null || b.dims === null)
    return a.dtype === b.dtype && a.dims === b.dims;
  return a.dims.length === b.dims.length && a.dims.every((d, i) => d === b.dims?.[i]);
}
