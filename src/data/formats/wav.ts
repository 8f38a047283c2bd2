import { DataError } from "../../errors.ts";
import type { Audio } from "../dataset.ts";

const [PCM, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe];
// What a writer that does not know the length yet puts in its place.
const UNKNOWN_LENGTH = 0xffffffff;

/** How samples stand in the data. */
interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bits: number;
}

/**
 * The sound in a WAV file: PCM of 8, 16, 24 or 32 bits or floats of 32 or 64, as numbers in [−1, 1); several channels are
 * averaged. IBM and Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" (1991), with the extensible
 * format of 1999.
 *
 * @param what names the file in messages
 * @throws DataError if the bytes are no WAV file, are cut off, or hold compressed sound
 */
export function decodeWav(bytes: Uint8Array, what: string): Audio {
  const bad = (why: string): DataError => new DataError(`${what}: not a WAV file that can be read: ${why}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nameAt = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12 || nameAt(0) !== "RIFF" || nameAt(8) !== "WAVE")
    throw bad(
      nameAt(0) === "RF64" ? "it is RF64, for more than 4 GB" : "it does not begin with RIFF and WAVE",
    );
  let format: Format | null = null;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const [name, start] = [nameAt(at), at + 8];
    const stated = view.getUint32(at + 4, true);
    const length = stated === UNKNOWN_LENGTH ? bytes.length - start : stated;
    if (start + length > bytes.length)
      throw bad(`it is cut off: "${name}" has ${bytes.length - start} of ${length} bytes`);
    if (name === "fmt ") format = formatAt(view, start, length, bad);
    if (name === "data") {
      if (format === null) throw bad("sound comes before its format");
      return soundIn(view, start, length, format, bad);
    }
    // Chunks start at even positions.
    at = start + length + (length % 2);
  }
  throw bad("it holds no sound");
}

function formatAt(view: DataView, at: number, length: number, bad: (why: string) => DataError): Format {
  if (length < 16) throw bad(`its format has ${length} bytes, expected 16`);
  const plain = view.getUint16(at, true);
  // The extensible form has the tag as the first two bytes of an identifier.
  const tag = plain === EXTENSIBLE && length >= 26 ? view.getUint16(at + 24, true) : plain;
  const format = {
    tag,
    channels: view.getUint16(at + 2, true),
    sampleRate: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  };
  const { channels, sampleRate, bits } = format;
  const isKnown = tag === PCM ? [8, 16, 24, 32].includes(bits) : tag === FLOAT && [32, 64].includes(bits);
  if (!isKnown)
    throw bad(
      `format ${tag} of ${bits} bits, expected PCM (1) of 8, 16, 24 or 32 bits or floats (3) of 32 or 64`,
    );
  if (channels === 0 || sampleRate === 0) throw bad(`${channels} channels at ${sampleRate} Hz`);
  return format;
}

function soundIn(
  view: DataView,
  start: number,
  length: number,
  { tag, channels, sampleRate, bits }: Format,
  bad: (why: string) => DataError,
): Audio {
  const frameBytes = channels * (bits / 8);
  const count = Math.floor(length / frameBytes);
  if (count === 0) throw bad("it holds no sound");
  const read = readerOf(view, tag, bits);
  const data = new Float32Array(count);
  for (let i = 0, at = start; i < count; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++, at += bits / 8) sum += read(at);
    data[i] = sum / channels;
  }
  if (tag === FLOAT && data.some((v) => !Number.isFinite(v)))
    throw bad("it holds numbers that are not finite");
  return { kind: "audio", sampleRate, data };
}

function readerOf(view: DataView, tag: number, bits: number): (at: number) => number {
  if (tag === FLOAT)
    return bits === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  // 8-bit samples are unsigned, with silence at 128.
  if (bits === 8) return (at) => (view.getUint8(at) - 128) / 2 ** 7;
  if (bits === 16) return (at) => view.getInt16(at, true) / 2 ** 15;
  if (bits === 24) return (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23;
  return (at) => view.getInt32(at, true) / 2 ** 31;
}
