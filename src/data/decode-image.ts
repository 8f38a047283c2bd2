import type { Sharp } from "sharp";
import { DataError, messageOf } from "../errors.ts";
import { loadOptional } from "../platform/optional-package.ts";
import type { Image } from "./dataset.ts";
import { jpegHeader } from "./formats/jpeg-header.ts";

/** Extensions of the image files that are read, in lower case. */
export const imageExtensions: readonly string[] = [".png", ".jpg", ".jpeg", ".webp"];

// A 100-megapixel photograph decodes to 300 MB; a few kB can claim to be far larger.
const MAX_PIXELS = 100_000_000;

/**
 * Decodes a PNG, JPEG or WebP file to 8-bit sRGB or grey, turned as its EXIF orientation says, without alpha (the
 * colour under it is kept, as Pillow's `convert("RGB")` does). Decoding runs on sharp's own threads.
 *
 * @param what names the file in messages
 * @throws DataError if the bytes are no whole image, or it has more than 100 million pixels
 * @throws RunError if the optional package `sharp` is not installed
 */
export async function decodeImage(bytes: Uint8Array, what: string): Promise<Image> {
  // The package of this name has this type.
  const { default: sharp } = (await loadOptional("sharp")) as typeof import("sharp");
  try {
    const image = sharp(bytes, { failOn: "truncated", limitInputPixels: MAX_PIXELS });
    const { isGrey, isUpright } = await factsOf(image, bytes);
    // Turning reads the whole image into memory first, even where there is nothing to turn.
    const { data, info } = await (isUpright ? image : image.autoOrient())
      .removeAlpha()
      .toColourspace(isGrey ? "b-w" : "srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 1 && info.channels !== 3)
      throw new Error(`it decodes to ${info.channels} channels`);
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { kind: "image", height: info.height, width: info.width, channels: info.channels, data: pixels };
  } catch (error) {
    // libjpeg repeats itself, once for each part of the file that it misses.
    const why = [...new Set(messageOf(error).split(/\s*\n\s*/))].join("; ");
    throw new DataError(`${what}: not a readable image (${why})`, { cause: error });
  }
}

/** @throws Error if it is of another format than those that are read */
async function factsOf(
  image: Pick<Sharp, "metadata">,
  bytes: Uint8Array,
): Promise<{ readonly isGrey: boolean; readonly isUpright: boolean }> {
  const jpeg = jpegHeader(bytes);
  // Most photographs say so in their first bytes; asking sharp opens the file once more.
  if (jpeg?.components === 3 && !jpeg.hasNotes) return { isGrey: false, isUpright: true };
  const { format, space, width, height, orientation = 1 } = await image.metadata();
  if (format !== "png" && format !== "jpeg" && format !== "webp") throw new Error(`the format is ${format}`);
  if (!width || !height) throw new Error("it has no size");
  return { isGrey: space === "b-w" || space === "grey16", isUpright: orientation === 1 };
}
