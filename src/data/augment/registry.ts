import type { Augmenter } from "./augmentation.ts";
import { casing } from "./casing.ts";
import { colourJitter } from "./colour-jitter.ts";
import { cropPadding } from "./crop-padding.ts";
import { erasing } from "./erasing.ts";
import { flip } from "./flip.ts";
import { randAugment } from "./rand-augment.ts";
import { resizedCrop } from "./resized-crop.ts";
import { typos } from "./typos.ts";

/** Every augmentation of one example, in the order in which they act. */
export const augmenters: readonly Augmenter[] = [
  resizedCrop,
  cropPadding,
  flip,
  randAugment,
  colourJitter,
  erasing,
  casing,
  typos,
];
