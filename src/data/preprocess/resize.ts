import type { Image } from "../dataset.ts";
import { gathered, gatheredMask } from "./gather.ts";

/** Interpolation filters, by the names of Pillow. */
export type Resample = "nearest" | "lanczos" | "bilinear" | "bicubic" | "box" | "hamming";

interface Filter {
  /** Half-width in source pixels at scale 1. */
  readonly support: number;
  weight(x: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const filters: Readonly<Record<Exclude<Resample, "nearest">, Filter>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: {
    support: 1,
    weight: (x) => (Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x))),
  },
  // Keys' cubic with a = −0.5.
  bicubic: {
    support: 2,
    weight: (signed) => {
      const x = Math.abs(signed);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

// Weights are fixed-point with 22 fraction bits, so that 255 times any weight fits 32 bits: as Pillow has it.
const FRACTION_BITS = 22;

/**
 * Resizes an image to exactly `height` × `width`, to the bit as `Image.resize` of Pillow up to version 12 does: the
 * filter widens when shrinking (antialiasing), along rows first, then along columns, rounded to 8 bits in between.
 * Pillow 13 takes the other order for some sizes, which moves single pixels by one level. A mask takes the nearest pixel.
 */
export function resize(image: Image, height: number, width: number, resample: Resample): Image {
  if (image.height === height && image.width === width) return image;
  const [rows, columns] = [nearestPixels(image.height, height), nearestPixels(image.width, width)];
  if (resample === "nearest") return gathered(image, rows, columns, "black");
  const filter = filters[resample];
  let out = image;
  if (out.width !== width) out = alongRows(out, weightsFor(out.width, width, filter));
  if (out.height !== height) out = alongColumns(out, weightsFor(out.height, height, filter));
  // A class index between two others is neither of them.
  return image.mask ? { ...out, mask: gatheredMask(image.mask, image, rows, columns) } : out;
}

interface Weights {
  readonly outputs: number;
  readonly taps: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** [outputs, taps], fixed-point. */
  readonly fixed: Int32Array;
}

function weightsFor(input: number, outputs: number, filter: Filter): Weights {
  const scale = input / outputs;
  const widened = Math.max(scale, 1);
  const narrowed = 1 / widened;
  const support = filter.support * widened;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputs);
  const count = new Int32Array(outputs);
  const fixed = new Int32Array(outputs * taps);
  const row = new Float64Array(taps);
  for (let o = 0; o < outputs; o++) {
    const center = (o + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - support + 0.5));
    const to = Math.min(input, Math.trunc(center + support + 0.5));
    let sum = 0;
    for (let t = 0; t < to - from; t++) {
      row[t] = filter.weight((t + from - center + 0.5) * narrowed);
      sum += row[t]!;
    }
    for (let t = 0; t < to - from; t++) {
      const w = (sum === 0 ? row[t]! : row[t]! / sum) * 2 ** FRACTION_BITS;
      fixed[o * taps + t] = Math.trunc(w < 0 ? w - 0.5 : w + 0.5);
    }
    first[o] = from;
    count[o] = to - from;
  }
  return { outputs, taps, first, count, fixed };
}

const HALF = 1 << (FRACTION_BITS - 1);

// Sums stay 32-bit integers, which the engine keeps in registers: no weights of a filter add up to 2 in size.
function alongRows(image: Image, { outputs, taps, first, count, fixed }: Weights): Image {
  const { height, width, channels, data } = image;
  const out = new Uint8ClampedArray(height * outputs * channels);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let o = 0; o < outputs; o++) {
      let at = (y * width + first[o]!) * channels;
      const end = o * taps + count[o]!;
      if (channels === 3) {
        let red = HALF;
        let green = HALF;
        let blue = HALF;
        for (let tap = o * taps; tap < end; tap++) {
          const weight = fixed[tap]!;
          red = (red + Math.imul(data[at]!, weight)) | 0;
          green = (green + Math.imul(data[at + 1]!, weight)) | 0;
          blue = (blue + Math.imul(data[at + 2]!, weight)) | 0;
          at += 3;
        }
        out[to] = red >> FRACTION_BITS;
        out[to + 1] = green >> FRACTION_BITS;
        out[to + 2] = blue >> FRACTION_BITS;
        to += 3;
      } else {
        let sum = HALF;
        for (let tap = o * taps; tap < end; tap++) sum = (sum + Math.imul(data[at++]!, fixed[tap]!)) | 0;
        out[to++] = sum >> FRACTION_BITS;
      }
    }
  }
  return { ...image, width: outputs, data: new Uint8Array(out.buffer) };
}

// Whole rows are added up, so that memory is read in order.
function alongColumns(image: Image, { outputs, taps, first, count, fixed }: Weights): Image {
  const row = image.width * image.channels;
  const { data } = image;
  const out = new Uint8ClampedArray(outputs * row);
  const sums = new Int32Array(row);
  for (let o = 0; o < outputs; o++) {
    sums.fill(HALF);
    for (let t = 0; t < count[o]!; t++) {
      const weight = fixed[o * taps + t]!;
      const from = (first[o]! + t) * row;
      for (let i = 0; i < row; i++) sums[i] = sums[i]! + Math.imul(data[from + i]!, weight);
    }
    for (let i = 0; i < row; i++) out[o * row + i] = sums[i]! >> FRACTION_BITS;
  }
  return { ...image, height: outputs, data: new Uint8Array(out.buffer) };
}

/** For each output pixel along one axis, the source pixel that its centre lies in. */
function nearestPixels(input: number, outputs: number): Int32Array {
  return Int32Array.from({ length: outputs }, (_, o) => Math.floor(((o + 0.5) * input) / outputs));
}
