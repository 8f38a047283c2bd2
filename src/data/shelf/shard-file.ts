import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { hashBytes } from "../content-hash.ts";

/** Where an entry lies in its file, and the `hashBytes` of it. */
export type ShardEntry = readonly [key: string, offset: number, length: number, hash: number];

/** Stands at the end of every whole file, behind the length of the index. */
const MARK = "HFSHELF1";
const TAIL_BYTES = 4 + MARK.length;

/** The extension of the files. */
export const SHARD = ".shard";

/**
 * Writes entries as one file, at once: the entries one behind the other, their index as JSON, its length (uint32,
 * little-endian), and a mark. A file without its mark was cut, and holds nothing.
 *
 * @throws FileError if it cannot be written, and then nothing is there
 */
export async function writeShard(
  files: Files,
  path: string,
  entries: ReadonlyMap<string, Uint8Array>,
): Promise<readonly ShardEntry[]> {
  let offset = 0;
  const index = [...entries].map(([key, bytes]): ShardEntry => {
    const entry = [key, offset, bytes.length, hashBytes(bytes)] as const;
    offset += bytes.length;
    return entry;
  });
  const text = new TextEncoder().encode(JSON.stringify(index));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.length, true);
  await files.write(path, [...entries.values(), text, length, new TextEncoder().encode(MARK)]);
  return index;
}

/** The index of a file. @throws DataError if the file is cut or none of ours; FileError if it cannot be read */
export async function readShardIndex(files: Files, path: string): Promise<readonly ShardEntry[]> {
  const bytes = (await files.stat(path))?.bytes ?? 0;
  const tail = await files.readRange(path, Math.max(0, bytes - TAIL_BYTES), Math.min(bytes, TAIL_BYTES));
  const length = tail.length < TAIL_BYTES ? -1 : new DataView(tail.buffer).getUint32(0, true);
  const end = bytes - TAIL_BYTES;
  if (new TextDecoder().decode(tail.subarray(4)) !== MARK || length < 0 || length > end)
    throw new DataError(`${path}: no whole file of prepared examples`);
  try {
    return JSON.parse(new TextDecoder().decode(await files.readRange(path, end - length, length)));
  } catch (cause) {
    throw new DataError(`${path}: the index of prepared examples is damaged`, { cause });
  }
}

/** The bytes of an entry, or null where they are no longer what was written. */
export async function readEntry(
  files: Files,
  path: string,
  [, offset, length, hash]: ShardEntry,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = await files.readRange(path, offset, length);
  return hashBytes(bytes) === hash ? bytes : null;
}
