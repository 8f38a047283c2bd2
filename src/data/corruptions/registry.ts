import { brightness } from "./brightness.ts";
import { casing } from "./casing.ts";
import type { AnyCorruption, TextCorruption } from "./corruption.ts";
import { defocusBlur } from "./defocus-blur.ts";
import { fog } from "./fog.ts";
import { gaussianNoise } from "./gaussian-noise.ts";
import { typos } from "./typos.ts";

/** Every corruption that a shifted set of images can be made with. */
export const corruptions: readonly AnyCorruption[] = [gaussianNoise, defocusBlur, fog, brightness];

/** Every corruption that a shifted set of texts can be made with. */
export const textCorruptions: readonly TextCorruption[] = [typos, casing];
