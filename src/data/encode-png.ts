import { joinBytes } from "../platform/join-bytes.ts";
import type { Image, PixelClasses } from "./dataset.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** An image as the bytes of a PNG file, 8 bits per channel. W3C PNG specification, third edition. */
export async function encodePng({ height, width, channels, data }: Image): Promise<Uint8Array<ArrayBuffer>> {
  const colourType = channels === 1 ? 0 : 2; // grey, or red-green-blue
  return encode({ height, width, bitDepth: 8, colourType, rows: data, stride: width * channels });
}

/**
 * Class indices [height, width] as the bytes of a PNG file: indices into a palette that other programs paint by, or, of
 * more classes than a palette holds, 16-bit grey.
 *
 * @param colours red, green and blue of each index, 8-bit
 */
export async function encodeMaskPng(
  mask: { readonly height: number; readonly width: number; readonly data: PixelClasses },
  colours: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { height, width, data } = mask;
  if (data instanceof Uint8Array)
    return encode({ height, width, bitDepth: 8, colourType: 3, rows: data, stride: width, colours });
  const rows = new Uint8Array(2 * data.length);
  const view = new DataView(rows.buffer);
  for (const [i, c] of data.entries()) view.setUint16(2 * i, c); // big-endian
  return encode({ height, width, bitDepth: 16, colourType: 0, rows, stride: 2 * width });
}

interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly bitDepth: 8 | 16;
  /** 0 grey, 2 red-green-blue, 3 an index into `colours`. */
  readonly colourType: 0 | 2 | 3;
  /** Row after row of `stride` bytes. */
  readonly rows: Uint8Array;
  readonly stride: number;
  readonly colours?: Uint8Array;
}

async function encode(pixels: Pixels): Promise<Uint8Array<ArrayBuffer>> {
  const { height, width, rows, stride, colours } = pixels;
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, pixels.bitDepth);
  header.setUint8(9, pixels.colourType);
  // Each row is preceded by its filter; 0 is none.
  const filtered = new Uint8Array(height * (stride + 1));
  for (let y = 0; y < height; y++)
    filtered.set(rows.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  return joinBytes([
    SIGNATURE,
    chunk("IHDR", new Uint8Array(header.buffer)),
    ...(colours ? [chunk("PLTE", colours)] : []),
    chunk("IDAT", await zlib(filtered)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

async function zlib(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
