import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { byteLengthOf, type DataType, dataTypes } from "../../tensor/data-type.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { openZip } from "./zip.ts";

const descriptions: Readonly<Record<string, DataType>> = {
  f4: "float32",
  f8: "float64",
  f2: "float16",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  b1: "bool",
};

/**
 * The array of a `.npy` file as a tensor: little-endian numbers, booleans and unicode strings, in C order.
 * NumPy, "NEP 1: a simple file format for NumPy arrays", versions 1.0 to 3.0.
 *
 * @param what names the file in messages
 * @throws DataError if the header is not one, its lengths do not fit the bytes, or the dtype is none of these
 */
export function decodeNpy(bytes: Uint8Array<ArrayBuffer>, what: string): Tensor {
  const bad = (why: string): DataError => new DataError(`${what}: not a readable .npy array: ${why}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059)
    throw bad("no NUMPY magic");
  const long = bytes[6]! >= 2;
  const start = long ? 12 : 10;
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.length) throw bad("the header is cut");
  const header = new TextDecoder().decode(bytes.subarray(start, end));

  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape':\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) {
    throw bad(`unexpected header ${header.trim().slice(0, 120)} (structured and object arrays are not read)`);
  }
  const dims = [...shape.matchAll(/\d+/g)].map((d) => Number(d[0]));
  const count = sizeOf(dims);
  if (!Number.isSafeInteger(count)) throw bad(`shape (${shape}) overflows`);
  if (order === "True" && dims.filter((d) => d > 1).length > 1) {
    throw bad("the array is in Fortran order; save np.ascontiguousarray(array)");
  }
  const text = /^<U(\d+)$/.exec(descr);
  if (text) return { dtype: "string", dims, data: unicode(bytes.subarray(end), count, Number(text[1]), bad) };

  const dtype =
    /^[<|=]?/.test(descr) && !descr.startsWith(">") ? descriptions[descr.replace(/^[<|=]/, "")] : undefined;
  if (dtype === undefined)
    throw bad(`dtype ${descr}, expected little-endian ${Object.keys(descriptions).join(", ")}`);
  const length = byteLengthOf(dtype, count);
  if (bytes.length - end !== length) {
    throw bad(`${bytes.length - end} bytes of data, expected ${length} for ${descr} (${shape})`);
  }
  const ArrayType = dataTypes[dtype].array!; // Only strings have none.
  // A copy: typed arrays need their start aligned, and the file's bytes need not stay alive.
  const data = new ArrayType(bytes.slice(end).buffer);
  return { dtype, dims, data };
}

// NumPy stores unicode as UCS-4, padded with zeros to the longest.
function unicode(bytes: Uint8Array, count: number, width: number, bad: (why: string) => DataError): string[] {
  if (bytes.length !== count * width * 4)
    throw bad(`${bytes.length} bytes of text, expected ${count * width * 4}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => {
    let out = "";
    for (let k = 0; k < width; k++) {
      const point = view.getUint32((i * width + k) * 4, true);
      if (point > 0x10ffff) throw bad(`code point ${point} in a string`);
      if (point !== 0) out += String.fromCodePoint(point);
    }
    return out;
  });
}

/**
 * The arrays of a `.npz` file by name, decoded when asked for.
 *
 * @throws DataError if the archive cannot be read, or holds no array
 */
export async function openNpz(
  files: Files,
  path: string,
): Promise<ReadonlyMap<string, () => Promise<Tensor>>> {
  const arrays = new Map<string, () => Promise<Tensor>>();
  for (const entry of await openZip(files, path)) {
    if (!entry.name.endsWith(".npy")) continue;
    const name = entry.name.slice(0, -4);
    arrays.set(name, async () => decodeNpy(await entry.read(), `${path} "${name}"`));
  }
  if (arrays.size === 0) throw new DataError(`${path}: holds no array (.npy)`);
  return arrays;
}

/** All arrays of a `.npz` file by name. Errors as for `openNpz`. */
export async function readNpz(files: Files, path: string): Promise<ReadonlyMap<string, Tensor>> {
  const out = new Map<string, Tensor>();
  for (const [name, read] of await openNpz(files, path)) out.set(name, await read());
  return out;
}
