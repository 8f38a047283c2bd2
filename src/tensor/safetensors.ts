import { DataError } from "../errors.ts";
import { byteLengthOf, type DataType, dataTypes } from "./data-type.ts";
import { sizeOf } from "./shape.ts";
import { bytesOf, type Tensor } from "./tensor.ts";

/** Our dtypes by their safetensors names. https://huggingface.co/docs/safetensors */
const dtypeNames: Readonly<Partial<Record<DataType, string>>> = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint64: "U64",
  uint32: "U32",
  uint16: "U16",
  uint8: "U8",
  bool: "BOOL",
};

/** A header beyond this is taken for damage: it would describe millions of tensors. */
const MAX_HEADER_BYTES = 100 * 2 ** 20;

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Tensors and text notes as the bytes of a `.safetensors` file. Tensors are laid out in the order of the map. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const pieces = safetensorsPieces(tensors, metadata);
  const out = new Uint8Array(pieces.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** The same in pieces, the tensors' own memory without a copy: for files that would be too large for one array. */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let end = 0;
  const contents: Uint8Array[] = [];
  for (const [name, tensor] of tensors) {
    const dtype = dtypeNames[tensor.dtype];
    if (dtype === undefined || tensor.dtype === "string") {
      throw new DataError(`tensor "${name}": safetensors cannot hold ${tensor.dtype}`);
    }
    const bytes = bytesOf(tensor.data as Exclude<Tensor["data"], readonly string[]>); // strings were refused above
    header[name] = { dtype, shape: tensor.dims, data_offsets: [end, end + bytes.length] };
    contents.push(bytes);
    end += bytes.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // The data starts at a multiple of 8, so that a reader may map it without a copy.
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const head = new Uint8Array(8 + headerBytes).fill(0x20, 8);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerBytes), true);
  head.set(text, 8);
  return [head, ...contents];
}

/**
 * The tensors of a `.safetensors` file. Each is a view on `file` where alignment allows, else a copy.
 *
 * @param what names the file in messages
 * @throws DataError if the file is truncated or its header does not fit its data
 */
export function decodeSafetensors(
  file: Uint8Array,
  what: string,
): { tensors: Map<string, Tensor>; metadata: Record<string, string> } {
  const fail = (problem: string): never => {
    throw new DataError(`${what}: ${problem}; the file is damaged or no safetensors file`);
  };
  if (file.length < 8) fail(`has ${file.length} bytes, expected a header of 8 at least`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || 8 + headerBytes > file.length) {
    fail(`its header of ${headerBytes} bytes reaches beyond the end`);
  }
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes))) as Record<
      string,
      unknown
    >;
  } catch (cause) {
    throw new DataError(`${what}: its header is no JSON; the file is damaged or no safetensors file`, {
      cause,
    });
  }
  const data = file.subarray(8 + headerBytes);
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    tensors.set(
      name,
      decodeEntry(entry as HeaderEntry, data, (problem) => fail(`tensor "${name}" ${problem}`)),
    );
  }
  return { tensors, metadata: (header.__metadata__ ?? {}) as Record<string, string> };
}

function decodeEntry(entry: HeaderEntry, data: Uint8Array, fail: (problem: string) => never): Tensor {
  const { dtype: label, shape, data_offsets: offsets } = entry;
  const dtype = (Object.keys(dtypeNames) as DataType[]).find((d) => dtypeNames[d] === label);
  if (!dtype) return fail(`has dtype ${label}, which is not known`);
  const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isCount) || !Array.isArray(offsets) || !offsets.every(isCount)) {
    return fail("has no valid shape or offsets");
  }
  const [start, end] = offsets;
  if (start > end || end > data.length || end - start !== byteLengthOf(dtype, sizeOf(shape))) {
    return fail(`of shape [${shape}] and dtype ${label} does not fit bytes ${start} to ${end}`);
  }
  const ArrayType = dataTypes[dtype].array!; // safetensors holds no strings
  const width = dataTypes[dtype].bits / 8;
  const bytes = data.subarray(start, end);
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return {
    dtype,
    dims: shape,
    data: new ArrayType(aligned.buffer, aligned.byteOffset, aligned.byteLength / width),
  };
}
