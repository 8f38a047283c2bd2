import { DataError, messageOf } from "../errors.ts";

/**
 * Decompresses gzip, zlib (`deflate`) or raw deflate bytes through the platform's own `DecompressionStream`.
 *
 * @param limit most bytes that may come out: a few kB can claim to be terabytes
 * @throws DataError if the stream is broken, or would give more than `limit` bytes; `what` names it in the message
 */
export async function inflate(
  bytes: Uint8Array<ArrayBuffer>,
  options: {
    readonly format: "gzip" | "deflate" | "deflate-raw";
    readonly limit: number;
    readonly what: string;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const { format, limit, what } = options;
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      total += value.length;
      pieces.push(value);
      if (total > limit) {
        await reader.cancel();
        break;
      }
    }
  } catch (error) {
    throw new DataError(`${what}: broken ${format} data (${messageOf(error)})`, { cause: error });
  }
  if (total > limit)
    throw new DataError(`${what}: ${format} data grows beyond ${limit} bytes`, { details: { limit } });
  const out = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
