import { type Image, ignoredIn, type PixelClasses } from "../dataset.ts";
import type { Size } from "./geometry.ts";

/**
 * An image whose pixel (y, x) is the pixel `rows[y]`, `columns[x]` of another, its mask with it.
 *
 * @param outside what positions beyond the image show: black, or its nearest pixel; of a mask they do not count
 */
export function gathered(
  image: Image,
  rows: Int32Array,
  columns: Int32Array,
  outside: "black" | "edge",
): Image {
  const { channels } = image;
  const [height, width] = [rows.length, columns.length];
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const sy = outside === "edge" ? clamp(rows[y]!, image.height) : rows[y]!;
    if (sy < 0 || sy >= image.height) continue;
    for (let x = 0; x < width; x++) {
      const sx = outside === "edge" ? clamp(columns[x]!, image.width) : columns[x]!;
      if (sx < 0 || sx >= image.width) continue;
      const from = (sy * image.width + sx) * channels;
      const to = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) data[to + c] = image.data[from + c]!;
    }
  }
  const moved: Image = { kind: "image", height, width, channels, data };
  return image.mask ? { ...moved, mask: gatheredMask(image.mask, image, rows, columns) } : moved;
}

/** The mask of an image of some size, as `gathered` moves it. */
export function gatheredMask(
  mask: PixelClasses,
  size: Size,
  rows: Int32Array,
  columns: Int32Array,
): PixelClasses {
  const Classes = mask instanceof Uint8Array ? Uint8Array : Uint16Array;
  const out = new Classes(rows.length * columns.length).fill(ignoredIn(mask));
  for (const [y, sy] of rows.entries()) {
    if (sy < 0 || sy >= size.height) continue;
    for (const [x, sx] of columns.entries())
      if (sx >= 0 && sx < size.width) out[y * columns.length + x] = mask[sy * size.width + sx]!;
  }
  return out;
}

/**
 * An image of the same size whose pixel i is the pixel `sources[i]` of another, its mask with it; −1 is black, and does
 * not count in the mask.
 */
export function scattered(image: Image, sources: Int32Array): Image {
  const { channels, mask } = image;
  const data = new Uint8Array(image.data.length);
  const classes = mask?.slice().fill(ignoredIn(mask));
  for (const [to, from] of sources.entries()) {
    if (from < 0) continue;
    for (let c = 0; c < channels; c++) data[to * channels + c] = image.data[from * channels + c]!;
    if (mask && classes) classes[to] = mask[from]!;
  }
  return classes ? { ...image, data, mask: classes } : { ...image, data };
}

function clamp(i: number, n: number): number {
  return Math.max(0, Math.min(i, n - 1));
}
