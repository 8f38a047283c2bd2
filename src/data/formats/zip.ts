import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { inflate } from "../../platform/inflate.ts";

export interface ZipEntry {
  readonly name: string;
  /** Length after decompression, as the archive says. */
  readonly bytes: number;
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

const END = 0x06054b50; // End of central directory record.
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
// The end record is 22 bytes and a comment of at most 65,535.
const END_SEARCH = 22 + 0xffff;
// One array lives in one typed array; beyond this an archive is broken or meant to exhaust memory.
const MAX_ENTRY_BYTES = 2 ** 33;

/**
 * The entries of a zip archive, stored or deflated, also zip64; the content is read when asked for.
 * PKWARE, ".ZIP File Format Specification" 6.3.10, sections 4.3 and 4.5.3.
 *
 * @throws DataError if the file is not a zip archive, is cut, or uses encryption or another compression
 */
export async function openZip(files: Files, path: string): Promise<readonly ZipEntry[]> {
  const size = (await files.stat(path))?.bytes ?? 0;
  const bad = (why: string): DataError => new DataError(`${path}: not a readable zip archive: ${why}`);
  const range = async (offset: number, length: number): Promise<DataView> => {
    if (offset < 0 || length < 0 || offset + length > size)
      throw bad(`it ends before byte ${offset + length}`);
    return new DataView((await files.readRange(path, offset, length)).buffer);
  };

  const tailAt = Math.max(0, size - END_SEARCH);
  const tail = await range(tailAt, size - tailAt);
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END) end--;
  if (end < 0) throw bad("no end-of-directory record");
  let count = tail.getUint16(end + 10, true);
  let directoryBytes = tail.getUint32(end + 12, true);
  let directoryAt = tail.getUint32(end + 16, true);
  if (end >= 20 && tail.getUint32(end - 20, true) === END64_LOCATOR) {
    const record = await range(safe(tail.getBigUint64(end - 12, true), bad), 56);
    if (record.getUint32(0, true) !== END64) throw bad("broken zip64 record");
    count = safe(record.getBigUint64(32, true), bad);
    directoryBytes = safe(record.getBigUint64(40, true), bad);
    directoryAt = safe(record.getBigUint64(48, true), bad);
  }

  const directory = await range(directoryAt, directoryBytes);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let n = 0; n < count; n++) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== CENTRAL)
      throw bad("broken directory");
    const flags = directory.getUint16(at + 8, true);
    const method = directory.getUint16(at + 10, true);
    const nameLength = directory.getUint16(at + 28, true);
    const extraLength = directory.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + directory.getUint16(at + 32, true);
    if (next > directory.byteLength) throw bad("broken directory");
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, at + 46, nameLength));
    const extra = new DataView(directory.buffer, at + 46 + nameLength, extraLength);
    const [bytes, packed, headerAt] = sizes(directory, at, extra, bad);
    at = next;
    if (flags & 1) throw bad(`"${name}" is encrypted`);
    if (method !== 0 && method !== 8)
      throw bad(`"${name}" uses compression method ${method}, expected stored or deflate`);
    if (bytes > MAX_ENTRY_BYTES)
      throw bad(`"${name}" says it holds ${bytes} bytes, at most ${MAX_ENTRY_BYTES} are read`);
    entries.push({
      name,
      bytes,
      async read() {
        const header = await range(headerAt, 30);
        if (header.getUint32(0, true) !== LOCAL) throw bad(`"${name}" has no local header`);
        const dataAt = headerAt + 30 + header.getUint16(26, true) + header.getUint16(28, true);
        const data = new Uint8Array((await range(dataAt, packed)).buffer as ArrayBuffer);
        const what = `${path} "${name}"`;
        const content =
          method === 0 ? data : await inflate(data, { format: "deflate-raw", limit: bytes, what });
        if (content.length !== bytes) throw bad(`"${name}" holds ${content.length} bytes, expected ${bytes}`);
        return content;
      },
    });
  }
  return entries;
}

// [length, packed length, position of the local header]; each moves to the zip64 extra field where 32 bits are full.
function sizes(
  directory: DataView,
  at: number,
  extra: DataView,
  bad: (why: string) => DataError,
): [number, number, number] {
  const offsets = [24, 20, 42] as const;
  const values: [number, number, number] = [0, 0, 0];
  offsets.forEach((offset, v) => {
    values[v] = directory.getUint32(at + offset, true);
  });
  for (let e = 0; e + 4 <= extra.byteLength; e += 4 + extra.getUint16(e + 2, true)) {
    if (extra.getUint16(e, true) !== 1) continue;
    let field = e + 4;
    for (let v = 0; v < values.length; v++) {
      if (values[v] !== 0xffffffff) continue;
      if (field + 8 > extra.byteLength) throw bad("broken zip64 field");
      values[v] = safe(extra.getBigUint64(field, true), bad);
      field += 8;
    }
  }
  return values;
}

function safe(value: bigint, bad: (why: string) => DataError): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw bad(`a length of ${value} bytes`);
  return Number(value);
}
