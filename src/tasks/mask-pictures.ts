import { type Image, ignoredIn, type PixelClasses } from "../data/dataset.ts";
import { encodeMaskPng, encodePng } from "../data/encode-png.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ClassMap } from "./class-map.ts";
import type { Drawing } from "./task.ts";

/** How much of an overlay is the class's colour. */
const COVER = 0.5;
const RED: readonly [number, number, number] = [220, 30, 30];
/** Pixels between the parts of a picture. */
const GAP = 2;

/**
 * The colours of Pascal VOC: red, green and blue of 256 class indices. The bits of an index, from the lowest up, go to red,
 * green and blue in turn, from their highest bit down.
 */
export const palette: Uint8Array = Uint8Array.from({ length: 768 }, (_, at) => {
  const [c, channel] = [Math.floor(at / 3), at % 3];
  let level = 0;
  for (let bit = 0; 3 * bit + channel < 8; bit++) level |= ((c >> (3 * bit + channel)) & 1) << (7 - bit);
  return level;
});

/** The predicted classes as an indexed PNG, and over the image in their colours. */
export async function maskDrawings(image: Image, predicted: ClassMap): Promise<readonly Drawing[]> {
  return [
    { suffix: "", png: await encodeMaskPng(predicted, palette) },
    { suffix: ".overlay", png: await encodePng(painted(image, predicted.data)) },
  ];
}

/**
 * Four pictures side by side: the image, its true classes, those predicted, and where these differ in red. What does not
 * count is black among the true classes and never red.
 *
 * @param truth class indices [H, W], negative where a pixel does not count
 */
export function maskPicture(
  image: Image,
  { truth, predicted }: { readonly truth: Tensor; readonly predicted: ClassMap },
): Image {
  const target = truth.data as BigInt64Array;
  const real = predicted.data.slice();
  const wrong: boolean[] = [];
  for (let i = 0; i < real.length; i++) {
    const c = Number(target[i]);
    real[i] = c < 0 ? ignoredIn(real) : c;
    wrong.push(c >= 0 && c !== predicted.data[i]);
  }
  const grey = colouredBy(image, (i, at) => {
    const mean = (at(0) + at(1) + at(2)) / 6;
    return wrong[i] ? RED : [mean, mean, mean];
  });
  return beside([
    colouredBy(image, (_, at) => [at(0), at(1), at(2)]),
    colouredBy(image, (i) => colourOf(real, i)),
    colouredBy(image, (i) => colourOf(predicted.data, i)),
    grey,
  ]);
}

function painted(image: Image, classes: PixelClasses): Image {
  return colouredBy(image, (i, at) => {
    const colour = colourOf(classes, i);
    return [0, 1, 2].map((c) => (1 - COVER) * at(c) + COVER * colour[c]!) as [number, number, number]; // three of three
  });
}

type Colour = readonly [number, number, number];

function colourOf(classes: PixelClasses, i: number): Colour {
  const c = classes[i]!;
  if (c === ignoredIn(classes)) return [0, 0, 0];
  const at = 3 * (c & 255);
  return [palette[at]!, palette[at + 1]!, palette[at + 2]!];
}

/** An image of the same size, each pixel by its place and its channels as they were. */
function colouredBy(image: Image, colour: (i: number, at: (channel: number) => number) => Colour): Image {
  const { height, width, channels } = image;
  const data = new Uint8Array(3 * height * width);
  for (let i = 0; i < height * width; i++)
    data.set(
      colour(i, (c) => image.data[i * channels + (channels === 1 ? 0 : c)]!),
      3 * i,
    );
  return { kind: "image", height, width, channels: 3, data };
}

function beside(images: readonly Image[]): Image {
  const height = images[0]?.height ?? 0;
  const width = images.reduce((sum, image) => sum + image.width + GAP, -GAP);
  const data = new Uint8Array(3 * height * width).fill(255);
  let left = 0;
  for (const image of images) {
    for (let y = 0; y < height; y++)
      data.set(image.data.subarray(3 * y * image.width, 3 * (y + 1) * image.width), 3 * (y * width + left));
    left += image.width + GAP;
  }
  return { kind: "image", height, width, channels: 3, data };
}
