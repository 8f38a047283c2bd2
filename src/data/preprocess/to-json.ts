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
 * Preprocessing as a `preprocessor_config.json`, from which it can be done again anywhere: Transformers and Transformers.js
 * read it. Where it says less than it seems to:
 *
 * - Transformers.js shrinks images without a wider filter, so that only images of the model's own size reach it with
 *   the same pixels; it heeds no `data_format`, and turns no colour image grey (grey files stay grey).
 * - `image_mean` and `image_std` are in the order of the image's channels, red first: both libraries normalise before
 *   they flip the channels.
 */
export function preprocessorJson(p: ImagePreprocessing): Record<string, unknown> {
  const { resize, crop } = p;
  const isExact = crop === null && (resize === null || "height" in resize);
  const inFileOrder = (values: readonly number[]) =>
    p.channelOrder === "bgr" ? values.toReversed() : values;
  return {
    // Python's processor of ViT crops nothing, and knows only sizes of two edges.
    image_processor_type: isExact ? "ViTImageProcessor" : "CLIPImageProcessor",
    do_resize: resize !== null,
    ...(resize === null ? {} : { size: sizeOf(resize) }),
    resample: resampleCodes[p.resample],
    do_center_crop: crop !== null,
    ...(crop === null ? {} : { crop_size: crop }),
    do_rescale: true,
    rescale_factor: p.rescale,
    do_normalize: true,
    image_mean: inFileOrder(p.mean),
    image_std: inFileOrder(p.std),
    do_convert_rgb: p.channels === 3,
    ...(p.channels === 1 ? { do_convert_grayscale: true } : {}),
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
