import type { Sample } from "./dataset.ts";

const encoder = new TextEncoder();
// Between parts that stand one behind the other, so that "a", "bc" and "ab", "c" differ.
const SEPARATOR = "\u001f";

/**
 * A hash of 53 bits as a whole number: equal content gives equal numbers on every machine. Among a million examples two
 * different ones meet by chance about once in 20,000 data sets; nobody is kept from forging such a pair.
 *
 * Two FNV-1a sums of 32 bits with different starts (Fowler, Noll, Vo, 1991), each mixed by the last steps of
 * MurmurHash3 (Appleby, 2011).
 */
export function hashBytes(bytes: Uint8Array): number {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < bytes.length; i++) {
    a = Math.imul(a ^ bytes[i]!, 0x01000193);
    b = Math.imul(b ^ bytes[i]!, 0x01000193) + 1;
  }
  return (mixed(a) >>> 11) * 2 ** 32 + (mixed(b) >>> 0);
}

export function hashText(...parts: readonly (string | number)[]): number {
  return hashBytes(encoder.encode(parts.join(SEPARATOR)));
}

/** A hash of what a sample holds: pixels, numbers with their shape, or text; of a tokenised text, of the text. */
export function hashSample(sample: Sample): number {
  switch (sample.kind) {
    case "tokens":
    case "sequence":
      return hashSample(sample.source);
    case "text":
      return hashText("text", sample.text, sample.pair ?? "");
    case "dialogue":
      return hashText("dialogue", ...sample.messages.flatMap(({ role, content }) => [role, content]));
    case "image-text":
      return hashText("image-text", hashSample(sample.image), hashSample(sample.text));
    case "image":
      return hashText("image", sample.height, sample.width, sample.channels, hashBytes(sample.data));
    case "audio":
      return hashText("audio", sample.sampleRate, hashFloats(sample.data));
    case "array":
      return hashText("array", ...sample.dims, hashFloats(sample.data));
  }
}

function hashFloats({ buffer, byteOffset, byteLength }: Float32Array): number {
  return hashBytes(new Uint8Array(buffer, byteOffset, byteLength));
}

function mixed(h: number): number {
  let x = h ^ (h >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}
