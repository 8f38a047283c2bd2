import { ConfigError } from "../../errors.ts";
import type { Random } from "../../tensor/random.ts";
import type { Sample } from "../dataset.ts";
import type { Preprocessor } from "../preprocess/preprocessor.ts";
import type { Augmentation } from "./augmentation.ts";
import { augmenters } from "./registry.ts";

/** Changes a prepared sample. @param randomOf the generator of an augmentation for this sample, by its name */
export type Augment = (sample: Sample, randomOf: (name: string) => Random) => Sample;

/**
 * All augmentations that settings ask for, one after the other; null if they ask for none. Each draws from a generator of
 * its own, so that one setting does not move another's draws. A text is changed as it was read, and then tokenised again.
 *
 * @throws ConfigError listing every setting that makes no sense
 */
export function createAugment(settings: Augmentation, preprocessor: Preprocessor): Augment | null {
  const problems = augmenters.flatMap((a) => a.problem(settings) ?? []);
  if (problems.length > 0) throw new ConfigError(`augmentation: ${problems.join("; ")}`);
  const steps = augmenters.flatMap((augmenter): Augment[] => {
    if (augmenter.kind === "image") {
      const apply = augmenter.create(settings);
      if (apply === null) return [];
      return [
        (sample, randomOf) => (sample.kind === "image" ? apply(sample, randomOf(augmenter.name)) : sample),
      ];
    }
    const apply = augmenter.create(settings);
    if (apply === null) return [];
    return [
      (sample, randomOf) => {
        if (sample.kind !== "tokens") return sample;
        return preprocessor.prepare(apply(sample.source, randomOf(augmenter.name)));
      },
    ];
  });
  if (steps.length === 0) return null;
  return (sample, randomOf) => steps.reduce((out, step) => step(out, randomOf), sample);
}
