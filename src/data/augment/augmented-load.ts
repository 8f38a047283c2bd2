import type { Dataset, Sample } from "../dataset.ts";
import type { Preprocessor } from "../preprocess/preprocessor.ts";
import { randomFor } from "../seed.ts";
import { createAugment } from "./augment.ts";
import type { Augmentation } from "./augmentation.ts";
import { createMix } from "./mixing.ts";

/** An example as training sees it in an epoch. */
interface Augmented {
  readonly sample: Sample;
  /** The example whose label it bears: its own, but for mixtures. */
  readonly labelOf: number;
}

/**
 * Loads prepared examples and changes them at random, in each epoch in another way that follows from seed, epoch and
 * position alone. Mixtures are of two examples that were changed each on its own.
 *
 * @throws ConfigError for settings that make no sense for this data
 */
export function createAugmentedLoad(
  dataset: Dataset,
  options: {
    readonly augmentation: Augmentation;
    readonly preprocessor: Preprocessor;
    readonly seed: number;
  },
): (epoch: number, index: number) => Promise<Augmented> {
  const { augmentation, preprocessor, seed } = options;
  const augment = createAugment(augmentation, preprocessor);
  const mix = createMix(augmentation, dataset);
  const load = async (epoch: number, index: number, use: string): Promise<Sample> => {
    const sample = await dataset.load(index);
    return augment ? augment(sample, (name) => randomFor(seed, use, name, epoch, index)) : sample;
  };
  return async (epoch, index) => {
    const sample = await load(epoch, index, "augment");
    if (!mix || sample.kind !== "image") return { sample, labelOf: index };
    const random = randomFor(seed, "mix", epoch, index);
    const other = random.integer(dataset.length);
    const second = await load(epoch, other, "mix");
    if (second.kind !== "image") return { sample, labelOf: index };
    const { image, label } = mix(sample, second, random);
    return { sample: image, labelOf: label === "first" ? index : other };
  };
}
