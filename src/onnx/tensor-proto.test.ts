import { create, equals, fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { dataTypeOfCode, isFloat, type NumericData } from "../tensor/data-type.ts";
import { bytesOf } from "../tensor/tensor.ts";
// Messages that the Python package onnx wrote; scripts/goldens/onnx_tensors.py makes them.
import golden from "./fixtures/tensors.json" with { type: "json" };
import { type TensorProto, TensorProtoSchema } from "./proto/onnx-ml_pb.ts";
import { alignRawData, decodeTensor, encodeTensor } from "./tensor-proto.ts";

function parse(base64: string): TensorProto {
  return fromBinary(TensorProtoSchema, new Uint8Array(Buffer.from(base64, "base64")));
}

function hexOf(data: unknown): string {
  return Buffer.from(bytesOf(data as NumericData)).toString("hex");
}

test.each(golden)(
  "$type elements are the same from the typed field as from raw data, and are written raw",
  (t) => {
    const raw = decodeTensor(parse(t.raw));
    expect([raw.dtype, raw.dims]).toEqual([dataTypeOfCode(t.code), [7, 1]]);
    expect(hexOf(raw.data)).toBe(t.bytes);
    expect(hexOf(decodeTensor(parse(t.typed)).data)).toBe(t.bytes);
    expect(equals(TensorProtoSchema, encodeTensor(raw, "t"), parse(t.raw))).toBe(true);
  },
);

test("every element type that ONNX defines is among them, float types by their own names", () => {
  expect(golden.map((t) => t.code)).toEqual([1, ...range(2, 7), ...range(9, 28)].sort((a, b) => a - b));
  const floats = golden.filter((t) => isFloat(dataTypeOfCode(t.code)!)).map((t) => t.type);
  expect(floats).toEqual(["FLOAT", "FLOAT16", "DOUBLE", "BFLOAT16"]);
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

test("raw data is viewed where it is aligned, moved there where the bytes are the reader's own, else copied", () => {
  const values = Float32Array.from({ length: 100 }, (_, i) => i / 3);
  const content = create(TensorProtoSchema, { dims: [100n], dataType: 1 });
  for (const offset of [0, 1, 2, 3]) {
    const buffer = new Uint8Array(512);
    const at = 8 + offset;
    buffer.set(bytesOf(values), at);
    content.rawData = buffer.subarray(at, at + 400);
    const before = decodeTensor(content);
    expect(before.data).toEqual(values);
    expect(bytesOf(before.data as NumericData).buffer === buffer.buffer).toBe(offset === 0);
    alignRawData(content);
    const moved = decodeTensor(content);
    expect(moved.data).toEqual(values);
    expect(bytesOf(moved.data as NumericData).buffer).toBe(buffer.buffer);
  }
});

test("strings are read and written as UTF-8", () => {
  const words = { dtype: "string", dims: [2], data: ["größe", "日本"] } as const;
  const proto = encodeTensor(words, "words");
  expect(Buffer.from(proto.stringData[1]!).toString("utf8")).toBe("日本");
  expect(decodeTensor(proto).data).toEqual(words.data);
});

test.each([
  ["a negative dimension", { dims: [2n, -1n] }, "dimension -1 is out of range"],
  [
    "dimensions whose product overflows",
    { dims: [2n ** 40n, 2n ** 40n, 2n ** 40n] },
    "more than 2^40 elements",
  ],
  ["a dimension beyond any memory", { dims: [2n ** 62n] }, "out of range 0 … 2^40"],
  [
    "fewer bytes than the dimensions need",
    { dims: [3n], rawData: new Uint8Array(8) },
    "need 12 bytes, the file holds 8",
  ],
  ["no bytes where some are needed", { dims: [3n] }, "need 3 values, the file holds 0"],
  ["more values than dimensions", { dims: [], floatData: [1, 2] }, "need 1 values, the file holds 2"],
  [
    "bytes of an empty tensor, however large its other dimensions",
    { dims: [0n, 2n ** 40n, 2n ** 40n], rawData: new Uint8Array(4) },
    "need 0 bytes",
  ],
  ["an element type that ONNX does not define", { dims: [1n], dataType: 99 }, "element type 99"],
  ["an element type left out", { dims: [1n], dataType: 0 }, "element type 0"],
])("%s is refused by the tensor's name", (_, fields, problem) => {
  const proto = create(TensorProtoSchema, { name: "w", dataType: 1, ...fields });
  expect(() => decodeTensor(proto)).toThrow(problem);
  expect(() => decodeTensor(proto)).toThrow('tensor "w"');
});
