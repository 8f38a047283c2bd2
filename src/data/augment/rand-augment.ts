import type { Image } from "../dataset.ts";
import { rotated, transformed } from "./affine.ts";
import { type ImageAugmenter, problemOf } from "./augmentation.ts";
import {
  equalized,
  posterized,
  solarized,
  withBrightness,
  withContrast,
  withFullContrast,
  withSaturation,
  withSharpness,
} from "./colour-operations.ts";

/** An operation by its strength: 0 to 1, or −1 to 1 where the other direction is another change. */
interface Operation {
  readonly name: string;
  readonly signed: boolean;
  apply(image: Image, strength: number): Image;
}

/** Of an image's width or height, at full strength: 150 pixels of the 331 of the network that it was searched for. */
const FARTHEST = 150 / 331;

/** The operations of torchvision's RandAugment, each at full strength what it is there. */
export const operations: readonly Operation[] = [
  { name: "identity", signed: false, apply: (image) => image },
  { name: "shear-x", signed: true, apply: (image, s) => transformed(image, [1, 0.3 * s, 0, 0, 1, 0]) },
  { name: "shear-y", signed: true, apply: (image, s) => transformed(image, [1, 0, 0, 0.3 * s, 1, 0]) },
  {
    name: "translate-x",
    signed: true,
    apply: (image, s) => transformed(image, [1, 0, -Math.trunc(FARTHEST * image.width * s), 0, 1, 0]),
  },
  {
    name: "translate-y",
    signed: true,
    apply: (image, s) => transformed(image, [1, 0, 0, 0, 1, -Math.trunc(FARTHEST * image.height * s)]),
  },
  { name: "rotate", signed: true, apply: (image, s) => rotated(image, 30 * s) },
  { name: "brightness", signed: true, apply: (image, s) => withBrightness(1 + 0.9 * s)(image) },
  { name: "saturation", signed: true, apply: (image, s) => withSaturation(1 + 0.9 * s)(image) },
  { name: "contrast", signed: true, apply: (image, s) => withContrast(1 + 0.9 * s)(image) },
  { name: "sharpness", signed: true, apply: (image, s) => withSharpness(1 + 0.9 * s)(image) },
  { name: "posterize", signed: false, apply: (image, s) => posterized(8 - Math.round(4 * s))(image) },
  { name: "solarize", signed: false, apply: (image, s) => solarized(255 - 255 * s)(image) },
  { name: "auto-contrast", signed: false, apply: withFullContrast },
  { name: "equalize", signed: false, apply: equalized },
];

/** The magnitude at which strength is 1. */
const MOST = 30;

/**
 * A few operations drawn at random, all of one magnitude, each in one of its directions. Cubuk et al., "RandAugment",
 * 2020. https://arxiv.org/abs/1909.13719
 */
export const randAugment: ImageAugmenter = {
  kind: "image",
  name: "randAugment",
  problem({ randAugment: { count, magnitude } }) {
    if (!Number.isInteger(count) || count < 0)
      return `randAugment.count is ${count}, expected a whole number, 0 for none`;
    return problemOf("randAugment.magnitude", magnitude, [0, MOST]);
  },
  create({ randAugment: { count, magnitude } }) {
    if (count === 0) return null;
    return (image, random) => {
      let out = image;
      for (let i = 0; i < count; i++) {
        const operation = operations[random.integer(operations.length)]!; // an index into them
        const direction = random.next() < 0.5 ? -1 : 1;
        out = operation.apply(out, (operation.signed ? direction : 1) * (magnitude / MOST));
      }
      return out;
    };
  },
};
