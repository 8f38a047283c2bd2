import type { ImagePreprocessing } from "./config.ts";

// Codes of PIL.Image.Resampling.
const resampleCodes: Readonly<Record<ImagePreprocessing["resample"], number>> = {
  nearest: 0,
  lanczos: 1,
  bilinear: 2,
  bicubic: 3,
  box: 4,
  hamming: 5,
};

/**
 * Preprocessing as a `preprocessor_config.json` that Transformers and Transformers.js read; null where they have no
 * words for it (channels last, one channel).
 */
export function preprocessorJson(p: ImagePreprocessing): Record<string, unknown> | null {
  if (p.layout !== "NCHW" || p.channels !== 3) return null;
  const { resize, crop } = p;
  return {
    image_processor_type: "ViTImageProcessor",
    do_resize: resize !== null,
    ...(resize === null ? {} : { size: sizeOf(resize) }),
    resample: resampleCodes[p.resample],
    do_center_crop: crop !== null,
    ...(crop === null ? {} : { crop_size: crop }),
    do_rescale: true,
    rescale_factor: p.rescale,
    do_normalize: true,
    image_mean: p.mean,
    image_std: p.std,
    do_convert_rgb: true,
    ...(p.channelOrder === "bgr" ? { do_flip_channel_order: true } : {}),
  };
}

function sizeOf(resize: NonNullable<ImagePreprocessing["resize"]>): Record<string, number> {
  if ("height" in resize) return { height: resize.height, width: resize.width };
  const { shortestEdge, longestEdge } = resize as { shortestEdge?: number; longestEdge?: number };
  return {
    ...(shortestEdge === undefined ? {} : { shortest_edge: shortestEdge }),
    ...(longestEdge === undefined ? {} : { longest_edge: longestEdge }),
  };
}
