import { ConfigError } from "../errors.ts";
import type { Random } from "../tensor/random.ts";
import type { Sample } from "./dataset.ts";
import { mirrored, window } from "./preprocess/geometry.ts";

/** Random changes of training images at the model's size. All off is no augmentation. */
export interface Augmentation {
  /** Mirror left–right for half of the images. Not for text, digits, or anything that has a hand. */
  readonly flip: boolean;
  /** Pad each edge by this many pixels and take a random window of the old size; 0 is off. */
  readonly cropPadding: number;
  /** What the padding shows. */
  readonly fill: "black" | "edge";
}

export const noAugmentation: Augmentation = { flip: false, cropPadding: 0, fill: "edge" };

/** @throws ConfigError if the padding is no whole number of pixels */
export function checkAugmentation({ cropPadding }: Augmentation): void {
  if (Number.isInteger(cropPadding) && cropPadding >= 0) return;
  throw new ConfigError(
    `augmentation: cropPadding is ${cropPadding}, expected a whole number of pixels, 0 for none`,
  );
}

/**
 * A sample changed at random; arrays of numbers are returned as they are. Draws the same number of random values
 * whatever comes out, so that one setting does not move another's draws.
 */
export function augment(sample: Sample, augmentation: Augmentation, random: Random): Sample {
  if (sample.kind !== "image") return sample;
  const { flip, cropPadding, fill } = augmentation;
  const mirror = random.next() < 0.5;
  const top = random.integer(2 * cropPadding + 1) - cropPadding;
  const left = random.integer(2 * cropPadding + 1) - cropPadding;
  const turned = flip && mirror ? mirrored(sample) : sample;
  return window(turned, top, left, sample, fill);
}
