import { describe, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import { int64s, type Tensor, tensor } from "./tensor.ts";

const tensors = new Map<string, Tensor>([
  ["odd", tensor("uint8", [3], Uint8Array.of(1, 2, 3))],
  ["weight", tensor("float32", [2, 2], Float32Array.of(1, -2, 3.5, Number.NaN))],
  ["ids", int64s([7, -1])],
  ["empty", tensor("float32", [0, 4], new Float32Array(0))],
]);

describe("safetensors", () => {
  test("tensors and notes come back as they were", () => {
    const back = decodeSafetensors(encodeSafetensors(tensors, { step: "7" }), "x");
    expect(back.tensors).toEqual(tensors);
    expect(back.metadata).toEqual({ step: "7" });
  });

  test("every truncation is a DataError that names the file", () => {
    const bytes = encodeSafetensors(tensors);
    for (let n = 0; n < bytes.length; n++) {
      expect(() => decodeSafetensors(bytes.subarray(0, n), "state.safetensors"), `${n} bytes`).toThrow(
        /state\.safetensors/,
      );
    }
  });

  test("a shape that does not fit its bytes is refused", () => {
    const header = JSON.stringify({ a: { dtype: "F32", shape: [3], data_offsets: [0, 8] } });
    const text = new TextEncoder().encode(header);
    const file = new Uint8Array(8 + text.length + 8);
    new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
    file.set(text, 8);
    expect(() => decodeSafetensors(file, "x")).toThrow(
      'tensor "a" of shape [3] and dtype F32 does not fit bytes 0 to 8',
    );
  });
});
