import { mirrored } from "../preprocess/geometry.ts";
import type { ImageAugmenter } from "./augmentation.ts";

/** Left and right exchanged, in half of the images. */
export const flip: ImageAugmenter = {
  kind: "image",
  name: "flip",
  problem: () => null,
  create: (settings) =>
    settings.flip ? (image, random) => (random.next() < 0.5 ? mirrored(image) : image) : null,
};
