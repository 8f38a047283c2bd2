import type { Random } from "../../tensor/random.ts";
import type { WordNoise } from "../text-noise.ts";

/** Pixels as float64 in 0 … 1, [height, width, channels], that a corruption changes in place. */
export interface Canvas {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly data: Float64Array;
}

/** Which published benchmark the constants are of: they grow with the images. */
export type ConstantSet = "cifar" | "tiny-imagenet" | "imagenet";

/** Two constants; what they mean, the corruption's docstring says. */
export type Pair = readonly [number, number];

/**
 * A way to spoil an image as cameras and weather do. A new one is one file with one of these and its entry in
 * `registry.ts`. Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
 * Perturbations", ICLR 2019, with the constants of their code for ImageNet-C, Tiny-ImageNet-C and CIFAR-10-C.
 */
export interface Corruption<Constants = unknown> {
  readonly name: string;
  readonly severities: Readonly<Record<ConstantSet, readonly Constants[]>>;
  /** Changes the canvas in place; values may leave 0 … 1, the caller clips. */
  apply(canvas: Canvas, constants: Constants, random: Random): void;
}

/** A corruption as the registry holds it: its constants are its own business. */
export interface AnyCorruption {
  readonly name: string;
  /** The constants at severities 1 to 5, to show. */
  readonly severities: Readonly<Record<ConstantSet, readonly unknown[]>>;
  apply(canvas: Canvas, set: ConstantSet, severity: number, random: Random): void;
}

/** Hides a corruption's type of constants; `severity` is 1 to 5. */
export function defineCorruption<Constants>(corruption: Corruption<Constants>): AnyCorruption {
  return {
    name: corruption.name,
    severities: corruption.severities,
    apply: (canvas, set, severity, random) =>
      corruption.apply(canvas, corruption.severities[set][severity - 1]!, random),
  };
}

/**
 * A way to spoil a text as hasty people do. A new one is one file with one of these and its entry in `registry.ts`.
 * The constants are ours: no benchmark has set them.
 */
export interface TextCorruption {
  readonly name: string;
  /** The constants at severities 1 to 5. */
  readonly severities: readonly number[];
  noise(constant: number): WordNoise;
}

/**
 * The constants for images of a size: those of the benchmark whose images (32, 64 and 224 pixels) are nearest to the
 * shorter edge in proportion. So: below 46 pixels CIFAR-10-C, below 120 Tiny-ImageNet-C, else ImageNet-C.
 */
export function constantSetFor(height: number, width: number): ConstantSet {
  const edge = Math.min(height, width);
  if (edge < Math.sqrt(32 * 64)) return "cifar";
  return edge < Math.sqrt(64 * 224) ? "tiny-imagenet" : "imagenet";
}
