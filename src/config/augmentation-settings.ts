import { z } from "zod";
import { share } from "./numbers.ts";

const range = (from: number, to: number) =>
  z.tuple([z.number().positive(), z.number().positive()]).default([from, to]);

/** Settings of `data/augment/`, by the names of its registry; what is in range there is checked there. */
export const augmentationSchema = z
  .strictObject({
    flip: z.boolean().default(false).describe("mirror training images at random"),
    cropPadding: z.int().min(0).default(0).describe("pixels of padding for random crops of training images"),
    resizedCrop: z
      .strictObject({
        area: range(1, 1).describe("share of the area that is cut out; 0.3,1, say"),
        aspect: range(3 / 4, 4 / 3).describe("width by height of what is cut out"),
      })
      .prefault({})
      .describe("random parts of training images, enlarged"),
    randAugment: z
      .strictObject({
        count: z.int().min(0).default(0).describe("operations for each image; 2, say"),
        magnitude: z.number().min(0).max(30).default(9).describe("how strong each is, 0 to 30"),
      })
      .prefault({})
      .describe("random operations on training images"),
    colourJitter: z
      .strictObject({
        brightness: z.number().min(0).default(0).describe("factor 1 ± this; 0.4, say"),
        contrast: z.number().min(0).default(0).describe("factor 1 ± this"),
        saturation: z.number().min(0).default(0).describe("factor 1 ± this"),
        hue: z.number().min(0).max(0.5).default(0).describe("± this share of the circle of hues; 0.1, say"),
      })
      .prefault({})
      .describe("random colours of training images"),
    erasing: z
      .strictObject({
        share: share().default(0).describe("share of the training images that lose a rectangle; 0.25, say"),
        area: range(0.02, 0.33).describe("the rectangle's share of the image"),
      })
      .prefault({})
      .describe("random rectangles painted over"),
    mixup: z
      .number()
      .min(0)
      .default(0)
      .describe("classification of images: α by which two are blended; 0.2, say"),
    cutmix: z
      .number()
      .min(0)
      .default(0)
      .describe("classification of images: α by which a part of one is put into another; 1, say"),
    typos: share().default(0).describe("texts: share of the letters that are mistyped; 0.02, say"),
    casing: share().default(0).describe("texts: share of the letters whose case is exchanged"),
  })
  .prefault({});
