import { DataError } from "../../errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Image } from "../dataset.ts";

/**
 * Height, width and channels of the images in an array [N, H, W] or [N, H, W, 1 or 3].
 *
 * @throws DataError for another shape, also for channels first: 3 rows of pixels cannot be told from 3 channels
 */
export function imageLayout(dims: Shape, what: string): { height: number; width: number; channels: 1 | 3 } {
  const [, height, width, channels = 1] = dims;
  const fits = (dims.length === 3 || dims.length === 4) && (channels === 1 || channels === 3);
  if (fits && height && width) return { height, width, channels };
  throw new DataError(
    `${what}: images have shape [${dims.join(", ")}], expected [N, H, W] or [N, H, W, C] with 1 or 3 channels last`,
  );
}

/** Image `i` of an array of pixels, as a view. */
export function imageAt(
  pixels: Uint8Array,
  dims: Shape,
  layout: Omit<Image, "kind" | "data">,
  i: number,
): Image {
  const size = sizeOf(dims.slice(1));
  return { kind: "image", ...layout, data: pixels.subarray(i * size, (i + 1) * size) };
}
