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
 * Preprocessing as a `preprocessor_config.json`, from which it can be done again anywhere. Transformers and
 * Transformers.js read it; for a model with channels last they know the keyword (`data_format`) but not every class of
 * processor heeds it. Mean and std are in the order of channels that the model takes.
 */
export function preprocessorJson(p: ImagePreprocessing): Record<string, unknown> {
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
    ...(p.channels === 3 ? { do_convert_rgb: true } : { do_convert_grayscale: true }),
    ...(p.layout === "NHWC" ? { data_format: "channels_last" } : {}),
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
