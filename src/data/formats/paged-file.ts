import type { Files } from "../../platform/files.ts";
import { createRecent } from "./recent.ts";

// Small enough that a row at a random place costs little.
const PAGE_BYTES = 1 << 15;
// Large enough that reading all of a file costs few calls.
const PIECE_BYTES = 1 << 20;
// A file of this size is in memory after it was read once; of a larger one the pages that were used last are.
const KEPT_BYTES = 64 << 20;

/** A file read by ranges through a bounded number of pages in memory, so that its size does not matter. */
export interface PagedFile {
  readonly path: string;
  readonly bytes: number;
  /** `length` bytes from `offset`; they may be a view of a page and must not be changed. */
  range(offset: number, length: number): Promise<Uint8Array>;
  /** The whole file in pieces, in order. */
  pieces(): AsyncGenerator<Uint8Array, void, void>;
}

/** @throws FileError when a range is read that the file no longer has */
export async function openPagedFile(files: Files, path: string): Promise<PagedFile> {
  const bytes = (await files.stat(path))?.bytes ?? 0;
  const pages = createRecent<Uint8Array>(KEPT_BYTES);
  const page = (n: number): Promise<Uint8Array> => {
    const start = n * PAGE_BYTES;
    return pages.get(n, PAGE_BYTES, () => files.readRange(path, start, Math.min(PAGE_BYTES, bytes - start)));
  };
  const range = async (offset: number, length: number): Promise<Uint8Array> => {
    const first = Math.floor(offset / PAGE_BYTES);
    const at = offset - first * PAGE_BYTES;
    if (at + length <= PAGE_BYTES) return (await page(first)).subarray(at, at + length);
    const out = new Uint8Array(length);
    for (let n = first, done = 0; done < length; n++) {
      const from = n === first ? at : 0;
      const piece = (await page(n)).subarray(from, from + length - done);
      out.set(piece, done);
      done += piece.length;
    }
    return out;
  };
  return {
    path,
    bytes,
    range,
    async *pieces() {
      for (let at = 0; at < bytes; at += PIECE_BYTES)
        yield await files.readRange(path, at, Math.min(PIECE_BYTES, bytes - at));
    },
  };
}
