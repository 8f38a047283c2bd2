import { brightness } from "./brightness.ts";
import type { AnyCorruption } from "./corruption.ts";
import { defocusBlur } from "./defocus-blur.ts";
import { fog } from "./fog.ts";
import { gaussianNoise } from "./gaussian-noise.ts";

/** Every corruption that a shifted set can be made with. */
export const corruptions: readonly AnyCorruption[] = [gaussianNoise, defocusBlur, fog, brightness];
