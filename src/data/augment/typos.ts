import { mistyped, withNoise } from "../text-noise.ts";
import { problemOf, type TextAugmenter } from "./augmentation.ts";

/** Mistyped letters, see `mistyped`. */
export const typos: TextAugmenter = {
  kind: "text",
  name: "typos",
  problem: (settings) => problemOf("typos", settings.typos, [0, 1]),
  create({ typos: share }) {
    if (share === 0) return null;
    const noise = mistyped(share);
    return (text, random) => withNoise(text, noise, random);
  },
};
