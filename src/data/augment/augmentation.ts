import type { Random } from "../../tensor/random.ts";
import type { Image, Text } from "../dataset.ts";

/** Two numbers, the lesser first. */
type Range = readonly [from: number, to: number];

/** Random changes of training examples, as prepared for the model. Zeros and empty ranges are no augmentation. */
export interface Augmentation {
  /** Mirror left–right for half of the images. Not for text, digits, or anything that has a hand. */
  readonly flip: boolean;
  /** Pad each edge by this many pixels, which repeat it, and take a random window of the old size. */
  readonly cropPadding: number;
  /** Cut a part out of the image and enlarge it to the whole. */
  readonly resizedCrop: {
    /** The part's share of the area, drawn uniformly; [1, 1] is off. */
    readonly area: Range;
    /** The part's width by its height, drawn uniformly in its logarithm. */
    readonly aspect: Range;
  };
  /** Random operations of one magnitude. */
  readonly randAugment: {
    /** How many, one after the other. */
    readonly count: number;
    /** 0 (nothing) to 30. */
    readonly magnitude: number;
  };
  /** Brightness, contrast and saturation by factors of 1 ± these, the hue by ± a share of the circle; in random order. */
  readonly colourJitter: {
    readonly brightness: number;
    readonly contrast: number;
    readonly saturation: number;
    /** At most 0.5. */
    readonly hue: number;
  };
  /** Paint a rectangle over in the image's mean colour. */
  readonly erasing: {
    /** Share of the images. */
    readonly share: number;
    /** The rectangle's share of the area. */
    readonly area: Range;
  };
  /** Texts: share of the letters that are mistyped. */
  readonly typos: number;
  /** Texts: share of the letters whose case is exchanged. */
  readonly casing: number;
  /** Classification of images: α of the Beta distribution that two images are blended by. */
  readonly mixup: number;
  /** Classification of images: α of the Beta distribution of how much a second image covers. */
  readonly cutmix: number;
}

export const noAugmentation: Augmentation = {
  flip: false,
  cropPadding: 0,
  resizedCrop: { area: [1, 1], aspect: [3 / 4, 4 / 3] },
  randAugment: { count: 0, magnitude: 9 },
  colourJitter: { brightness: 0, contrast: 0, saturation: 0, hue: 0 },
  erasing: { share: 0, area: [0.02, 0.33] },
  typos: 0,
  casing: 0,
  mixup: 0,
  cutmix: 0,
};

/**
 * One way of changing an example of a kind. A new one is one file with one of these, its entry in `registry.ts` and its
 * settings. What moves pixels moves a mask with them; pixels of which nothing is left to be seen do not count in it.
 */
interface AugmenterOf<Kind extends "image" | "text", Content> {
  readonly kind: Kind;
  /** The key of its settings. */
  readonly name: keyof Augmentation;
  /** Why the settings make no sense, as the end of a sentence; null if they do. */
  problem(settings: Augmentation): string | null;
  /** The change; null where the settings leave it out. An image keeps its size. */
  create(settings: Augmentation): ((content: Content, random: Random) => Content) | null;
}

export type ImageAugmenter = AugmenterOf<"image", Image>;
export type TextAugmenter = AugmenterOf<"text", Text>;
export type Augmenter = ImageAugmenter | TextAugmenter;

/** A number drawn uniformly from a range. */
export function within([from, to]: Range, random: Random): number {
  return from + (to - from) * random.next();
}

/** What is wrong with a range inside bounds, both of them allowed; null if nothing is. */
export function problemOfRange(key: string, [from, to]: Range, [least, most]: Range): string | null {
  if (from >= least && to <= most && from <= to) return null;
  return `${key} is [${from}, ${to}], expected two numbers from ${least} to ${most}, the lesser first`;
}

/** What is wrong with a number inside bounds, both of them allowed; null if nothing is. */
export function problemOf(key: string, value: number, [least, most]: Range): string | null {
  return value >= least && value <= most ? null : `${key} is ${value}, expected ${least} to ${most}`;
}
