import { type Image, ignoredIn } from "../dataset.ts";
import { type ImageAugmenter, problemOf, problemOfRange, within } from "./augmentation.ts";

/** Height by width of the rectangle. */
const ASPECT = [0.3, 3.3] as const;
/** Draws before an image stays whole, for rectangles that do not fit in it. */
const ATTEMPTS = 10;

/**
 * A rectangle painted over in the image's mean colour; in a mask it does not count. Zhong et al., "Random erasing data
 * augmentation", 2020, drawn as torchvision's RandomErasing draws it. https://arxiv.org/abs/1708.04896
 */
export const erasing: ImageAugmenter = {
  kind: "image",
  name: "erasing",
  problem: ({ erasing: { share, area } }) =>
    problemOf("erasing.share", share, [0, 1]) ?? problemOfRange("erasing.area", area, [0, 1]),
  create({ erasing: { share, area } }) {
    if (share === 0) return null;
    return (image, random) => {
      if (random.next() >= share) return image;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const target = image.height * image.width * within(area, random);
        const aspect = Math.exp(within([Math.log(ASPECT[0]), Math.log(ASPECT[1])], random));
        const height = Math.round(Math.sqrt(target * aspect));
        const width = Math.round(Math.sqrt(target / aspect));
        if (height >= image.height || width >= image.width || height === 0 || width === 0) continue;
        const top = random.integer(image.height - height + 1);
        const left = random.integer(image.width - width + 1);
        return painted(image, { top, left, height, width });
      }
      return image;
    };
  },
};

function painted(
  image: Image,
  at: { readonly top: number; readonly left: number; readonly height: number; readonly width: number },
): Image {
  const { channels, width } = image;
  const data = image.data.slice();
  const mask = image.mask?.slice();
  const mean = meanColour(image);
  for (let y = at.top; y < at.top + at.height; y++) {
    for (let x = at.left; x < at.left + at.width; x++) data.set(mean, (y * width + x) * channels);
    mask?.fill(ignoredIn(mask), y * width + at.left, y * width + at.left + at.width);
  }
  return mask ? { ...image, data, mask } : { ...image, data };
}

function meanColour({ data, channels }: Image): Uint8Array {
  const sums = new Float64Array(channels);
  for (const [i, v] of data.entries()) sums[i % channels]! += v;
  return Uint8Array.from(sums, (sum) => Math.round((sum * channels) / data.length));
}
