import { recased, withNoise } from "../text-noise.ts";
import { problemOf, type TextAugmenter } from "./augmentation.ts";

/** Letters in their other case; a tokenizer that lowers all letters sees nothing of it. */
export const casing: TextAugmenter = {
  kind: "text",
  name: "casing",
  problem: (settings) => problemOf("casing", settings.casing, [0, 1]),
  create({ casing: share }) {
    if (share === 0) return null;
    const noise = recased(share);
    return (text, random) => withNoise(text, noise, random);
  },
};
