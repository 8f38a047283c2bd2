import { DataError } from "../../errors.ts";
import { inflate } from "../../platform/inflate.ts";
import { joinBytes } from "../../platform/join-bytes.ts";

/** A PNG as it is stored: samples before any palette or colour profile, which a mask's numbers are. */
export interface StoredPng {
  readonly height: number;
  readonly width: number;
  /** What a sample is: grey, a colour, or an index into `palette`; alpha is the last channel where `hasAlpha`. */
  readonly colour: "grey" | "rgb" | "palette";
  readonly hasAlpha: boolean;
  readonly channels: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly bitDepth: number;
  /** [height, width, channels], row-major, as numbers from 0 to 2^bitDepth − 1. */
  readonly samples: Uint8Array | Uint16Array;
  /** Red, green and blue of each index, 8-bit; null but for `palette`. */
  readonly palette: Uint8Array | null;
}

interface Header {
  readonly height: number;
  readonly width: number;
  readonly bitDepth: number;
  readonly colourType: number;
  readonly interlaced: boolean;
}

// A 100-megapixel mask of 16 bits is 200 MB; a few kB can claim to be far larger.
const MAX_PIXELS = 100_000_000;
const SIGNATURE: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Channels and allowed bit depths of each colour type. */
const TYPES: Readonly<Record<number, { readonly channels: number; readonly depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  3: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};
/** Adam7: first column, first row, column step and row step of each pass. */
const PASSES: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/**
 * Decodes a PNG without turning indices into colours, as image decoders do. W3C PNG specification, third edition:
 * every colour type and bit depth, interlaced or not.
 *
 * @param what names the file in messages
 * @throws DataError if the bytes are no whole PNG, or it has more than 100 million pixels
 */
export async function decodePng(bytes: Uint8Array, what: string): Promise<StoredPng> {
  const broken = (why: string) => new DataError(`${what}: not a readable PNG (${why})`);
  if (!SIGNATURE.every((b, i) => bytes[i] === b)) throw broken("it does not begin as one");
  let header: Header | null = null;
  let palette: Uint8Array | null = null;
  const data: Uint8Array[] = [];
  for (const { type, body } of chunks(bytes, broken)) {
    if (type === "IHDR") header = headerOf(body, broken);
    else if (type === "PLTE") palette = body;
    else if (type === "IDAT") data.push(body);
  }
  if (!header) throw broken("it has no header");
  const { height, width, bitDepth, colourType, interlaced } = header;
  const { channels } = TYPES[colourType]!; // headerOf has checked it
  const passes = interlaced ? PASSES : [[0, 0, 1, 1] as const];
  const parts = passes.flatMap(([x0, y0, dx, dy]) => {
    const [w, h] = [Math.ceil((width - x0) / dx), Math.ceil((height - y0) / dy)];
    return w > 0 && h > 0 ? [{ x0, y0, dx, dy, w, h, stride: Math.ceil((w * channels * bitDepth) / 8) }] : [];
  });
  const size = parts.reduce((n, p) => n + p.h * (p.stride + 1), 0);
  const raw = await inflate(joinBytes(data), { format: "deflate", limit: size, what });
  if (raw.length < size) throw broken(`it holds ${raw.length} of ${size} bytes of pixels`);

  const Samples = bitDepth === 16 ? Uint16Array : Uint8Array;
  const samples = new Samples(height * width * channels);
  const unit = Math.max(1, (channels * bitDepth) / 8);
  let at = 0;
  for (const { x0, y0, dx, dy, w, h, stride } of parts) {
    let above = new Uint8Array(stride);
    for (let row = 0; row < h; row++) {
      const filter = raw[at]!; // within the size that was just checked
      const line = raw.subarray(at + 1, at + 1 + stride);
      at += stride + 1;
      if (!unfilter(line, above, filter, unit)) throw broken(`a row has the filter ${filter}`);
      above = line;
      const y = y0 + row * dy;
      for (let i = 0; i < w * channels; i++) {
        const x = x0 + Math.floor(i / channels) * dx;
        samples[(y * width + x) * channels + (i % channels)] = sampleAt(line, i, bitDepth);
      }
    }
  }
  const colour = colourType === 3 ? "palette" : colourType === 2 || colourType === 6 ? "rgb" : "grey";
  if (colour === "palette" && !palette) throw broken("it has indices but no palette");
  const hasAlpha = colourType === 4 || colourType === 6;
  return {
    height,
    width,
    colour,
    hasAlpha,
    channels,
    bitDepth,
    samples,
    palette: colour === "palette" ? palette : null,
  };
}

type Broken = (why: string) => DataError;

function* chunks(bytes: Uint8Array, broken: Broken): Generator<{ type: string; body: Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE.length; ; ) {
    if (at + 12 > bytes.length) throw broken("it is cut short");
    const length = view.getUint32(at);
    const end = at + 8 + length;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (end + 4 > bytes.length) throw broken(`its part ${type} is cut short`);
    if (type === "IEND") return;
    yield { type, body: bytes.subarray(at + 8, end) };
    at = end + 4;
  }
}

function headerOf(body: Uint8Array, broken: Broken): Header {
  if (body.length !== 13) throw broken("its header is of another length");
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [bitDepth = 0, colourType = 0, , , interlace] = body.subarray(8);
  if (width === 0 || height === 0 || width * height > MAX_PIXELS)
    throw broken(`its size is ${width}x${height}`);
  if (!TYPES[colourType]?.depths.includes(bitDepth))
    throw broken(`colour type ${colourType} with ${bitDepth} bits does not exist`);
  return { height, width, bitDepth, colourType, interlaced: interlace === 1 };
}

/** Undoes a row's filter in place. @returns false for a filter that does not exist */
function unfilter(line: Uint8Array, above: Uint8Array, filter: number, unit: number): boolean {
  if (filter > 4) return false;
  for (let i = 0; filter > 0 && i < line.length; i++) {
    const left = i < unit ? 0 : line[i - unit]!;
    const up = above[i]!;
    const corner = i < unit ? 0 : above[i - unit]!;
    const guess =
      filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, corner);
    line[i]! += guess; // modulo 256, as the array stores it
  }
  return true;
}

/** The neighbour nearest to left + up − corner; in a tie left, then up. */
function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Sample `i` of a row; those of less than 8 bits fill a byte from its high end. */
function sampleAt(line: Uint8Array, i: number, bits: number): number {
  if (bits === 8) return line[i]!;
  if (bits === 16) return (line[2 * i]! << 8) | line[2 * i + 1]!;
  const bit = i * bits;
  return (line[bit >> 3]! >> (8 - bits - (bit & 7))) & (2 ** bits - 1);
}
