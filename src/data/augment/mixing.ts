import { ConfigError } from "../../errors.ts";
import type { Random } from "../../tensor/random.ts";
import type { Dataset, Image } from "../dataset.ts";
import { type Augmentation, problemOf } from "./augmentation.ts";

/** Two images in one. */
export interface Mixed {
  readonly image: Image;
  /** The share of it that is the first one's, by weight or by area. */
  readonly share: number;
}

/** A way of making one image of two of one size. */
type Mixing = (first: Image, second: Image, random: Random) => Mixed;

/** Makes one image of two, and says whose label it bears. */
export type Mix = (
  first: Image,
  second: Image,
  random: Random,
) => { image: Image; label: "first" | "second" };

/**
 * Mixup and CutMix, either at random where both are asked for; null for neither. The label of the mixture is that of one
 * of the two, drawn with its share λ: the mean of this loss is λ loss(first) + (1 − λ) loss(second), which is theirs.
 *
 * @throws ConfigError if α is out of range, or examples are not images of one class each
 */
export function createMix(settings: Augmentation, dataset: Dataset): Mix | null {
  const { mixup, cutmix } = settings;
  const problem = problemOf("mixup", mixup, [0, 100]) ?? problemOf("cutmix", cutmix, [0, 100]);
  if (problem !== null) throw new ConfigError(`augmentation: ${problem}`);
  const ways: Mixing[] = [...(mixup > 0 ? [blend(mixup)] : []), ...(cutmix > 0 ? [patch(cutmix)] : [])];
  if (ways.length === 0) return null;
  if (dataset.kind !== "image" || dataset.labelling !== "class") {
    throw new ConfigError(
      `augmentation: mixup and cutmix mix images of one class each; ${dataset.source} is of other examples. Set them to 0`,
    );
  }
  return (first, second, random) => {
    const way = ways[random.integer(ways.length)]!; // an index into them
    const { image, share } = way(first, second, random);
    return { image, label: random.next() < share ? "first" : "second" };
  };
}

/**
 * λ first + (1 − λ) second, rounded, λ ~ Beta(α, α). Zhang et al., "mixup: Beyond empirical risk minimization", 2018.
 * https://arxiv.org/abs/1710.09412
 */
export function blend(alpha: number): Mixing {
  return (first, second, random) => {
    const share = beta(alpha, random);
    const [a, b] = alike(first, second);
    const data = a.data.map((v, i) => Math.round(share * v + (1 - share) * b.data[i]!));
    return { image: { ...a, data }, share };
  };
}

/**
 * A rectangle of the second image in its place of the first, 1 − λ of the area and of the image's aspect, cut off at the
 * edges around a middle drawn uniformly; λ ~ Beta(α, α), then counted anew. Yun et al., "CutMix", 2019.
 * https://arxiv.org/abs/1905.04899
 */
export function patch(alpha: number): Mixing {
  return (first, second, random) => {
    const [a, b] = alike(first, second);
    const { height, width, channels } = a;
    const side = Math.sqrt(1 - beta(alpha, random));
    const [y, x] = [random.integer(height), random.integer(width)];
    const [top, bottom] = ends(y, height * side, height);
    const [left, right] = ends(x, width * side, width);
    const data = a.data.slice();
    for (let row = top; row < bottom; row++) {
      const from = (row * width + left) * channels;
      data.set(b.data.subarray(from, from + (right - left) * channels), from);
    }
    const share = 1 - ((bottom - top) * (right - left)) / (height * width);
    return { image: { ...a, data }, share };
  };
}

/** An interval of some length around a middle, within 0 … size. */
function ends(middle: number, length: number, size: number): readonly [number, number] {
  const half = Math.floor(Math.floor(length) / 2);
  return [Math.max(0, middle - half), Math.min(size, middle + half)];
}

/** Both with as many channels: a set may hold grey and coloured images. */
function alike(first: Image, second: Image): readonly [Image, Image] {
  return first.channels === second.channels ? [first, second] : [inColour(first), inColour(second)];
}

function inColour(image: Image): Image {
  if (image.channels === 3) return image;
  const data = Uint8Array.from({ length: 3 * image.data.length }, (_, i) => image.data[Math.floor(i / 3)]!);
  return { ...image, channels: 3, data };
}

/** A draw from Beta(α, α). */
function beta(alpha: number, random: Random): number {
  const [x, y] = [gamma(alpha, random), gamma(alpha, random)];
  // Both draws of a tiny α may underflow: the distribution is then at one of its ends.
  return x + y > 0 ? x / (x + y) : Math.round(random.next());
}

/** A draw from Gamma(α, 1). Marsaglia and Tsang, "A simple method for generating gamma variables", 2000. */
function gamma(alpha: number, random: Random): number {
  if (alpha < 1) return gamma(alpha + 1, random) * (1 - random.next()) ** (1 / alpha);
  const d = alpha - 1 / 3;
  for (;;) {
    const x = random.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
