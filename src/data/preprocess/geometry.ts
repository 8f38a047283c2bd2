import type { Image } from "../dataset.ts";
import { gathered } from "./gather.ts";

/** Height and width in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * How an image is resized: to an exact size (its aspect is lost), until its shorter edge has a length (and, where
 * given, its longer edge at most another), or until its longer edge has one.
 */
export type ResizeRule =
  | Size
  | { readonly shortestEdge: number; readonly longestEdge?: number }
  | { readonly longestEdge: number };

/** The size that a rule gives; the free edge is rounded down, as Transformers does. */
export function resizedSize(from: Size, rule: ResizeRule): Size {
  if ("height" in rule) return { height: rule.height, width: rule.width };
  const short = Math.min(from.height, from.width);
  const long = Math.max(from.height, from.width);
  let newShort: number;
  let newLong: number;
  if ("shortestEdge" in rule) {
    newShort = rule.shortestEdge;
    newLong = Math.trunc((newShort * long) / short);
    if (rule.longestEdge !== undefined && newLong > rule.longestEdge) {
      newShort = Math.trunc((rule.longestEdge * newShort) / newLong);
      newLong = rule.longestEdge;
    }
  } else {
    newLong = rule.longestEdge;
    newShort = Math.trunc((newLong * short) / long);
  }
  newShort = Math.max(1, newShort);
  return from.height <= from.width
    ? { height: newShort, width: newLong }
    : { height: newLong, width: newShort };
}

/** The middle of an image; where it is smaller than the crop, black (0) fills the rest, as Transformers' center_crop does. */
export function centerCrop(image: Image, size: Size): Image {
  const top = Math.floor((image.height - size.height) / 2);
  const left = Math.floor((image.width - size.width) / 2);
  return window(image, top, left, size);
}

/**
 * A window of an image from row `top` and column `left`, which may lie outside it.
 *
 * @param fill what lies outside: black, or the nearest pixel of the edge; of a mask it does not count
 */
export function window(
  image: Image,
  top: number,
  left: number,
  size: Size,
  fill: "black" | "edge" = "black",
): Image {
  if (top === 0 && left === 0 && size.height === image.height && size.width === image.width) return image;
  const rows = Int32Array.from({ length: size.height }, (_, y) => y + top);
  const columns = Int32Array.from({ length: size.width }, (_, x) => x + left);
  return gathered(image, rows, columns, fill);
}

/** An image with left and right exchanged. */
export function mirrored(image: Image): Image {
  const { height, width } = image;
  const rows = Int32Array.from({ length: height }, (_, y) => y);
  const columns = Int32Array.from({ length: width }, (_, x) => width - 1 - x);
  return gathered(image, rows, columns, "black");
}

/** Luma of ITU-R BT.601 in 16-bit fixed point, as Pillow's `convert("L")` rounds it; a grey image is returned as it is. */
export function toGrey(image: Image): Image {
  if (image.channels === 1) return image;
  const data = new Uint8Array(image.height * image.width);
  for (let i = 0; i < data.length; i++) {
    const [r, g, b] = [image.data[3 * i]!, image.data[3 * i + 1]!, image.data[3 * i + 2]!];
    data[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
  }
  return { ...image, channels: 1, data };
}
