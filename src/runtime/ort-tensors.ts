import { RunError } from "../errors.ts";
import { type DataType, dataTypes } from "../tensor/data-type.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { OrtApi, OrtTensor } from "./ort-api.ts";

/**
 * The dtypes that ONNX Runtime's JavaScript binding can carry; it spells them as we do. It names int4 and uint4 too, but
 * refuses them as inputs, and as outputs they end the process.
 */
const carried: ReadonlySet<string> = new Set<DataType>([
  "float32",
  "float64",
  "float16",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
  "string",
]);

/** Our dtype for the binding's type name, or null if it is not one that we know. */
export function dtypeOfOrt(type: string): DataType | null {
  // Every member of `carried` is a DataType.
  return carried.has(type) ? (type as DataType) : null;
}

/** Wraps our tensors for ONNX Runtime: the same memory, one wrapper per tensor object, kept as long as the tensor. */
export interface TensorWrapper {
  /** @throws RunError if the tensor's memory was detached, or is shared where the runtime works in place */
  wrap(what: string, t: Tensor): OrtTensor;
}

/**
 * @param inPlace whether the runtime reads and writes the tensor's own memory, which then must not be shared
 */
export function createTensorWrapper(ort: OrtApi, inPlace: boolean): TensorWrapper {
  const wrappers = new WeakMap<Tensor, OrtTensor>();
  return {
    wrap(what, t) {
      const known = wrappers.get(t);
      // A WebAssembly.Memory that grows detaches its old buffer: views on it shrink to nothing.
      if (t.data.length === 0 && sizeOf(t.dims) !== 0) {
        throw new RunError(
          `${what}: the tensor's memory was detached (a WebAssembly.Memory that grew?). Make a new view on the memory.`,
        );
      }
      if (known !== undefined) return known;
      if (inPlace && "buffer" in t.data && t.data.buffer instanceof SharedArrayBuffer) {
        throw new RunError(
          `${what}: the tensor lies in shared memory, which onnxruntime-node refuses. ` +
            "Use an ArrayBuffer or an unshared WebAssembly.Memory.",
        );
      }
      const wrapper = wrapperOf(ort, t);
      wrappers.set(t, wrapper);
      return wrapper;
    },
  };
}

function wrapperOf(ort: OrtApi, t: Tensor): OrtTensor {
  if (t.dtype !== "float16") return new ort.Tensor(t.dtype, t.data, t.dims);
  // Where Float16Array exists (Node 24), ort.Tensor makes one over the bits, and the native binding then sees a length of
  // 0 bytes (microsoft/onnxruntime#32323). It takes the bits themselves, so they go in as uint16 under the right name.
  return Object.assign(new ort.Tensor("uint16", t.data, t.dims), { type: "float16" });
}

/** Our tensor over the memory of one of ONNX Runtime's; `what` names it in errors. */
export function fromOrtTensor(what: string, t: OrtTensor): Tensor {
  const dtype = dtypeOfOrt(t.type);
  if (dtype === null) throw new RunError(`${what}: unknown element type "${t.type}"`);
  // The binding pairs each type with the array type of our table, save float16 (below).
  const data = t.data as Tensor["data"];
  // Node 24 and newer have Float16Array, and the binding then answers with it; our float16 is its bits.
  if (dtype === "float16" && "buffer" in data && !(data instanceof Uint16Array)) {
    return { dtype, dims: t.dims, data: new Uint16Array(data.buffer, data.byteOffset, data.length) };
  }
  return { dtype, dims: t.dims, data };
}

/**
 * Copies a result's elements into a tensor of the same dtype and size.
 *
 * @throws RunError if dtype or size differ
 */
export function copyInto(what: string, from: OrtTensor, target: Tensor): void {
  const source = fromOrtTensor(what, from);
  if (source.dtype !== target.dtype || source.data.length !== target.data.length) {
    throw new RunError(
      `${what}: got ${source.dtype} [${source.dims.join(", ")}], ` +
        `expected ${target.dtype} [${target.dims.join(", ")}] of the given tensor`,
    );
  }
  if (dataTypes[target.dtype].array === null) throw new RunError(`internal: ${what}: copy of strings`);
  // Equal dtypes have equal array types.
  (target.data as Float32Array).set(source.data as Float32Array);
}
