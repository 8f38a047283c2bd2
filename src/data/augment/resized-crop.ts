import type { Random } from "../../tensor/random.ts";
import { type Size, window } from "../preprocess/geometry.ts";
import { createResize } from "../preprocess/resize.ts";
import { type Augmentation, type ImageAugmenter, problemOfRange, within } from "./augmentation.ts";

/** A window of an image. */
interface Part extends Size {
  readonly top: number;
  readonly left: number;
}

/**
 * A part of the image, enlarged to its size (bilinear; a mask by the nearest pixel): the crop of Szegedy et al., "Going
 * deeper with convolutions", 2015, drawn as torchvision's RandomResizedCrop draws it.
 */
export const resizedCrop: ImageAugmenter = {
  kind: "image",
  name: "resizedCrop",
  problem: ({ resizedCrop: { area, aspect } }) =>
    problemOfRange("resizedCrop.area", area, [0.001, 1]) ??
    problemOfRange("resizedCrop.aspect", aspect, [0.01, 100]),
  create({ resizedCrop: { area, aspect } }) {
    if (area[0] === 1) return null;
    const resize = createResize();
    return (image, random) => {
      const part = partOf(image, { area, aspect }, random);
      return resize(window(image, part.top, part.left, part), image.height, image.width, "bilinear");
    };
  },
};

/** Draws before the whole of what fits in the middle is taken, for images that no part of the wanted aspect fits in. */
const ATTEMPTS = 10;

function partOf(size: Size, { area, aspect }: Augmentation["resizedCrop"], random: Random): Part {
  const whole = size.height * size.width;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const target = whole * within(area, random);
    const ratio = Math.exp(within([Math.log(aspect[0]), Math.log(aspect[1])], random));
    const width = Math.round(Math.sqrt(target * ratio));
    const height = Math.round(Math.sqrt(target / ratio));
    if (width < 1 || height < 1 || width > size.width || height > size.height) continue;
    const top = random.integer(size.height - height + 1);
    const left = random.integer(size.width - width + 1);
    return { top, left, height, width };
  }
  const ratio = size.width / size.height;
  const bound = Math.max(aspect[0], Math.min(aspect[1], ratio));
  const width = bound < ratio ? Math.round(size.height * bound) : size.width;
  const height = bound > ratio ? Math.round(size.width / bound) : size.height;
  return {
    top: Math.floor((size.height - height) / 2),
    left: Math.floor((size.width - width) / 2),
    height,
    width,
  };
}
