import { permutation } from "../../tensor/random.ts";
import { type ImageAugmenter, problemOf, within } from "./augmentation.ts";
import { withBrightness, withContrast, withHue, withSaturation } from "./colour-operations.ts";

/** Brightness, contrast, saturation and hue at random, in random order, as torchvision's ColorJitter does. */
export const colourJitter: ImageAugmenter = {
  kind: "image",
  name: "colourJitter",
  problem({ colourJitter: { brightness, contrast, saturation, hue } }) {
    for (const [key, value] of Object.entries({ brightness, contrast, saturation })) {
      const problem = problemOf(`colourJitter.${key}`, value, [0, 10]);
      if (problem !== null) return problem;
    }
    return problemOf("colourJitter.hue", hue, [0, 0.5]);
  },
  create({ colourJitter: { brightness, contrast, saturation, hue } }) {
    if (brightness + contrast + saturation + hue === 0) return null;
    return (image, random) => {
      const factor = (spread: number) => within([Math.max(0, 1 - spread), 1 + spread], random);
      const [light, range, colour] = [factor(brightness), factor(contrast), factor(saturation)];
      const turn = within([-hue, hue], random);
      const steps = [
        brightness > 0 ? withBrightness(light) : null,
        contrast > 0 ? withContrast(range) : null,
        saturation > 0 ? withSaturation(colour) : null,
        hue > 0 ? withHue(turn) : null,
      ];
      return permutation(steps.length, random).reduce((out, i) => steps[i]?.(out) ?? out, image);
    };
  },
};
