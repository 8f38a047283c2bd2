/**
 * Packs one flag per example as an evaluation's `correct` wants it: bit i % 8 of byte ⌊i / 8⌋, in base64.
 */
export function packBits(flags: ArrayLike<number | boolean>): string {
  const bytes = new Uint8Array(Math.ceil(flags.length / 8));
  for (let i = 0; i < flags.length; i++) if (flags[i]) bytes[i >> 3]! |= 1 << (i & 7);
  return base64(bytes);
}

/** Bytes as base64, the way records hold them. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Reverses `packBits`: one 0 or 1 per example, or undefined if the text does not hold `count` flags. */
export function unpackBits(base64: string, count: number): Uint8Array | undefined {
  const bytes = bytesOf(base64);
  if (bytes?.length !== Math.ceil(count / 8)) return undefined;
  return Uint8Array.from({ length: count }, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1);
}

/** Numbers as records hold them: base64 of float32, little-endian. */
export function packFloats(values: ArrayLike<number>): string {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i]!, true);
  return base64(new Uint8Array(view.buffer));
}

/** Reverses `packFloats`; undefined if the text holds no such numbers. */
export function unpackFloats(base64: string): Float32Array | undefined {
  const bytes = bytesOf(base64);
  if (!bytes || bytes.length % 4 !== 0) return undefined;
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

function bytesOf(base64: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined;
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}
