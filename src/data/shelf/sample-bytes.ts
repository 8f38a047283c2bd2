import { DataError } from "../../errors.ts";
import { joinBytes } from "../../platform/join-bytes.ts";

/** The typed arrays that samples hold. */
const ARRAYS = { Uint8Array, Uint16Array, Int32Array, Float32Array } as const;
type ArrayName = keyof typeof ARRAYS;

/** What stands for an array in the text: its type, where its bytes begin behind the text, and how many numbers it has. */
interface Place {
  readonly $array: ArrayName;
  readonly at: number;
  readonly length: number;
}

/**
 * A sample as bytes, exactly: the length of a text (uint32), the text, which is JSON with a place for each typed array,
 * and the arrays in the machine's byte order. Keys that are undefined are left out.
 */
export function bytesOfSample(sample: object): Uint8Array<ArrayBuffer> {
  const arrays: Uint8Array[] = [];
  let at = 0;
  const text = JSON.stringify(sample, (_, value: unknown) => {
    const name = arrayName(value);
    if (name === null) return value;
    const array = value as InstanceType<(typeof ARRAYS)[ArrayName]>; // as its name was just told from it
    const place: Place = { $array: name, at, length: array.length };
    arrays.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    at += array.byteLength;
    return place;
  });
  const encoded = new TextEncoder().encode(text);
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, encoded.length, true);
  return joinBytes([head, encoded, ...arrays]);
}

/**
 * What `bytesOfSample` wrote; its arrays own their memory.
 *
 * @throws DataError if the bytes are something else
 */
export function sampleOfBytes(bytes: Uint8Array): unknown {
  const length = bytes.length < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (length < 0 || 4 + length > bytes.length) throw new DataError("bytes that hold no sample");
  const start = 4 + length;
  const text = new TextDecoder().decode(bytes.subarray(4, start));
  return JSON.parse(text, (_, value: unknown) => {
    if (!isPlace(value)) return value;
    const Type = ARRAYS[value.$array];
    const from = start + value.at;
    const end = from + value.length * Type.BYTES_PER_ELEMENT;
    if (end > bytes.length) throw new DataError("bytes that end within a sample");
    return new Type(bytes.slice(from, end).buffer);
  });
}

function arrayName(value: unknown): ArrayName | null {
  for (const [name, Type] of Object.entries(ARRAYS)) if (value instanceof Type) return name as ArrayName;
  return null;
}

function isPlace(value: unknown): value is Place {
  const name = (value as Partial<Place> | null)?.$array;
  return typeof value === "object" && name !== undefined && name in ARRAYS;
}
