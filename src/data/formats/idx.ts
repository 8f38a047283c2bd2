import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { inflate } from "../../platform/inflate.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

// MNIST's largest file is 47 MB, EMNIST's 548 MB; more than this in one file is broken or hostile.
const MAX_BYTES = 2 ** 32;

/** Whether a file starts as an IDX file of unsigned bytes does (two zero bytes, type 0x08, rank 1 to 4), also gzipped. */
export async function looksLikeIdx(files: Files, path: string): Promise<boolean> {
  const stat = await files.stat(path);
  if (stat?.kind !== "file" || stat.bytes < 8) return false;
  const head = await files.readRange(path, 0, 4);
  // A gzipped file is judged by its name: its first bytes only say gzip.
  if (head[0] === 0x1f && head[1] === 0x8b) return /idx\d?(?:[-.]u?byte)?\.gz$/i.test(path);
  return head[0] === 0 && head[1] === 0 && head[2] === 8 && head[3]! >= 1 && head[3]! <= 4;
}

/**
 * The array of an IDX file of unsigned bytes, plain or gzipped. LeCun, Cortes and Burges, "The MNIST database":
 * big-endian magic 0x0000 08 rank, then each dimension as uint32, then the bytes.
 *
 * @throws DataError if it is another type, or its length does not fit its dimensions
 */
export async function readIdx(files: Files, path: string): Promise<Tensor<"uint8">> {
  let bytes = await files.read(path);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    bytes = await inflate(bytes, { format: "gzip", limit: MAX_BYTES, what: path });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = bytes.length >= 4 ? view.getUint32(0) : 0;
  const rank = magic & 0xff;
  if (magic >>> 8 !== 0x08 || rank < 1 || rank > 4 || bytes.length < 4 + 4 * rank) {
    throw new DataError(
      `${path}: not an IDX file of unsigned bytes (magic 0x${magic.toString(16).padStart(8, "0")})`,
    );
  }
  const dims = Array.from({ length: rank }, (_, d) => view.getUint32(4 + 4 * d));
  const start = 4 + 4 * rank;
  if (bytes.length - start !== sizeOf(dims)) {
    throw new DataError(
      `${path}: ${bytes.length - start} bytes of data, expected ${sizeOf(dims)} for [${dims.join(", ")}]`,
    );
  }
  return { dtype: "uint8", dims, data: bytes.subarray(start) };
}
