import type { Image } from "../dataset.ts";
import { scattered } from "../preprocess/gather.ts";

/** Where an output pixel's colour comes from: x' = a x + b y + c, y' = d x + e y + f, in pixels from the top left. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** An image moved by the map from output to input, nearest pixel, black outside; to the bit as Pillow's `transform`. */
export function transformed(image: Image, [a, b, c, d, e, f]: Affine): Image {
  const { height, width } = image;
  // Pillow counts in 16.16 fixed point, from pixel centres.
  const fixed = (v: number) => Math.floor(v * 65536 + 0.5);
  const [ax, bx, ay, by] = [fixed(a), fixed(b), fixed(d), fixed(e)];
  const [startX, startY] = [fixed(c + a * 0.5 + b * 0.5), fixed(f + d * 0.5 + e * 0.5)];
  const sources = new Int32Array(height * width).fill(-1);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sx = Math.floor((startX + ax * x + bx * y) / 65536);
      const sy = Math.floor((startY + ay * x + by * y) / 65536);
      if (sx >= 0 && sx < width && sy >= 0 && sy < height) sources[y * width + x] = sy * width + sx;
    }
  }
  return scattered(image, sources);
}

/** Turned about its middle, counter-clockwise. Pillow's `rotate`. @param degrees no multiple of 90 but 0 */
export function rotated(image: Image, degrees: number): Image {
  if (degrees === 0) return image;
  const angle = (-degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [cx, cy] = [image.width / 2, image.height / 2];
  return transformed(image, [cos, sin, cx - cos * cx - sin * cy, -sin, cos, cy + sin * cx - cos * cy]);
}
