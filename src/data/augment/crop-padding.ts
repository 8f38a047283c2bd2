import { window } from "../preprocess/geometry.ts";
import type { ImageAugmenter } from "./augmentation.ts";

/** A window of the image's own size, moved by up to `cropPadding` pixels each way; what lies outside repeats the edge. */
export const cropPadding: ImageAugmenter = {
  kind: "image",
  name: "cropPadding",
  problem: ({ cropPadding: n }) =>
    Number.isInteger(n) && n >= 0
      ? null
      : `cropPadding is ${n}, expected a whole number of pixels, 0 for none`,
  create({ cropPadding: most }) {
    if (most === 0) return null;
    return (image, random) => {
      const top = random.integer(2 * most + 1) - most;
      const left = random.integer(2 * most + 1) - most;
      return window(image, top, left, image, "edge");
    };
  },
};
