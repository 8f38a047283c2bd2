import type { Image } from "../dataset.ts";
import { toGrey } from "../preprocess/geometry.ts";

/** A change of an image's colours, to the bit as Pillow's function of this kind makes it; its mask stays. */
export type ColourOperation = (image: Image) => Image;

/** Blended with black: 0 is black, 1 the image, 2 twice as bright. Pillow's ImageEnhance.Brightness. */
export function withBrightness(factor: number): ColourOperation {
  return (image) => blended(image, factor, () => 0);
}

/** Blended with the mean of its luma. ImageEnhance.Contrast. */
export function withContrast(factor: number): ColourOperation {
  return (image) => {
    const luma = toGrey(image).data;
    const mean = Math.floor(luma.reduce((sum, v) => sum + v, 0) / luma.length + 0.5);
    return blended(image, factor, () => mean);
  };
}

/** Blended with its own grey; a grey image stays. ImageEnhance.Color. */
export function withSaturation(factor: number): ColourOperation {
  return (image) => {
    if (image.channels === 1) return image;
    const luma = toGrey(image).data;
    return blended(image, factor, (i) => luma[Math.floor(i / 3)]!);
  };
}

/** Blended with what a smoothing 3×3 filter makes of it; the outermost pixels stay. ImageEnhance.Sharpness. */
export function withSharpness(factor: number): ColourOperation {
  return (image) => {
    const smooth = smoothed(image);
    return blended(image, factor, (i) => smooth[i]!);
  };
}

/** The hue turned by a share of the circle, −0.5 … 0.5, in 8-bit HSV; a grey image stays. torchvision's adjust_hue. */
export function withHue(turn: number): ColourOperation {
  // Truncated as a cast to uint8 does, which wraps around as hues do.
  const shift = Math.trunc(turn * 255) & 255;
  return (image) => {
    if (image.channels === 1) return image;
    const data = new Uint8Array(image.data.length);
    for (let p = 0; p < data.length; p += 3) {
      const [h, s, v] = hsvOf(image.data[p]!, image.data[p + 1]!, image.data[p + 2]!);
      data.set(rgbOf((h + shift) & 255, s, v), p);
    }
    return { ...image, data };
  };
}

/** Keeps the highest bits of each number. ImageOps.posterize. */
export function posterized(bits: number): ColourOperation {
  const kept = 0xff & ~(2 ** (8 - bits) - 1);
  return (image) => mapped(image, () => (v) => v & kept);
}

/** Inverts what is not below a threshold. ImageOps.solarize. */
export function solarized(threshold: number): ColourOperation {
  return (image) => mapped(image, () => (v) => (v < threshold ? v : 255 - v));
}

/** Each channel stretched to 0 … 255. ImageOps.autocontrast. */
export const withFullContrast: ColourOperation = (image) =>
  mapped(image, (histogram) => {
    const low = histogram.findIndex((n) => n > 0);
    const high = histogram.findLastIndex((n) => n > 0);
    if (high <= low) return (v) => v;
    const scale = 255 / (high - low);
    return (v) => Math.max(0, Math.min(255, Math.trunc(v * scale - low * scale)));
  });

/** Each channel with all levels about as frequent. ImageOps.equalize. */
export const equalized: ColourOperation = (image) =>
  mapped(image, (histogram) => {
    const used = histogram.filter((n) => n > 0);
    const step = Math.floor((used.reduce((sum, n) => sum + n, 0) - used.at(-1)!) / 255); // an image has a pixel
    if (used.length <= 1 || step === 0) return (v) => v;
    let n = Math.floor(step / 2);
    const table = histogram.map((count) => {
      const level = Math.floor(n / step);
      n += count;
      return Math.min(255, level);
    });
    return (v) => table[v]!;
  });

/** `other` + factor · (image − other) in float32, cut off at 0 and 255, the fraction dropped. Pillow's Image.blend. */
function blended(image: Image, factor: number, other: (i: number) => number): Image {
  const weight = Math.fround(factor);
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i++) {
    const from = other(i);
    const value = Math.fround(from + Math.fround(weight * (image.data[i]! - from)));
    data[i] = Math.max(0, Math.min(255, value));
  }
  return { ...image, data };
}

function mapped(image: Image, tableOf: (histogram: readonly number[]) => (v: number) => number): Image {
  const data = new Uint8Array(image.data.length);
  for (let c = 0; c < image.channels; c++) {
    const histogram = new Array<number>(256).fill(0);
    for (let i = c; i < data.length; i += image.channels) histogram[image.data[i]!]!++;
    const table = tableOf(histogram);
    for (let i = c; i < data.length; i += image.channels) data[i] = table(image.data[i]!);
  }
  return { ...image, data };
}

/** Pillow's SMOOTH: the centre weighs 5 of 13, each neighbour 1. */
function smoothed({ data, height, width, channels }: Image): Uint8Array {
  const out = data.slice();
  const row = width * channels;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * row + channels; i < (y + 1) * row - channels; i++) {
      let sum = 4 * data[i]!;
      for (let dy = -row; dy <= row; dy += row)
        for (let dx = -channels; dx <= channels; dx += channels) sum += data[i + dy + dx]!;
      out[i] = Math.floor(sum / 13 + 0.5);
    }
  }
  return out;
}

// HSV with each in 0 … 255, in float32 as Pillow's Convert.c computes it.
function hsvOf(r: number, g: number, b: number): readonly [number, number, number] {
  const max = Math.max(r, g, b);
  const range = max - Math.min(r, g, b);
  if (range === 0) return [0, 0, max];
  const far = (v: number) => Math.fround((max - v) / range);
  const sixth =
    r === max ? Math.fround(far(b) - far(g)) : g === max ? 2 + far(r) - far(b) : 4 + far(g) - far(r);
  const hue = Math.fround((Math.fround(sixth) / 6 + 1) % 1);
  const clip = (v: number) => Math.max(0, Math.min(255, Math.trunc(v)));
  return [clip(hue * 255), clip(Math.fround(range / max) * 255), max];
}

function rgbOf(h: number, s: number, v: number): readonly [number, number, number] {
  if (s === 0) return [v, v, v];
  const sixth = Math.fround((h * 6) / 255);
  const part = Math.fround(sixth - Math.floor(sixth));
  const share = Math.fround(s / 255);
  const level = (x: number) => Math.max(0, Math.min(255, Math.round(v * (1 - x))));
  const [p, q, t] = [level(share), level(share * part), level(share * (1 - part))];
  const sectors = [
    [v, t, p],
    [q, v, p],
    [p, v, t],
    [p, q, v],
    [t, p, v],
    [v, p, q],
  ] as const;
  return sectors[Math.floor(sixth) % 6]!; // six of them
}
