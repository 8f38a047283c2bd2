import type { Image } from "../dataset.ts";
import { gathered, gatheredMask } from "./gather.ts";
import { ResizeKernel } from "./kernels/resize-kernel.ts";
import type { FilterName } from "./taps.ts";

/** Interpolation filters, by the names of Pillow. */
export type Resample = "nearest" | FilterName;

/**
 * Resizes an image to exactly `height` × `width`, to the bit as `Image.resize` of Pillow up to version 12 does: the
 * filter widens when shrinking (antialiasing), along rows first, then along columns, rounded to 8 bits in between.
 * Pillow 13 takes the other order for some sizes, which moves single pixels by one level. A mask takes the nearest pixel.
 */
export type Resize = (image: Image, height: number, width: number, resample: Resample) => Image;

/** A resize with memory of its own, which it uses again and again. */
export function createResize(): Resize {
  let kernel: ResizeKernel | null = null;
  return (image, height, width, resample) => {
    if (image.height === height && image.width === width) return image;
    if (resample === "nearest") return gathered(image, ...nearest(image, height, width), "black");
    kernel = kernel?.isSmall === true ? kernel : new ResizeKernel();
    const out: Image = { ...image, height, width, data: kernel.resize(image, { height, width }, resample) };
    // A class index between two others is neither of them.
    if (!image.mask) return out;
    return { ...out, mask: gatheredMask(image.mask, image, ...nearest(image, height, width)) };
  };
}

/** The row that each row of the result is of, and the column that each of its columns is of. */
function nearest(image: Image, height: number, width: number): [rows: Int32Array, columns: Int32Array] {
  return [nearestPixels(image.height, height), nearestPixels(image.width, width)];
}

/** For each output pixel along one axis, the source pixel that its centre lies in. */
function nearestPixels(input: number, outputs: number): Int32Array {
  return Int32Array.from({ length: outputs }, (_, o) => Math.floor(((o + 0.5) * input) / outputs));
}
