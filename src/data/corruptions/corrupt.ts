import { ConfigError, DataError } from "../../errors.ts";
import type { Dataset, Image } from "../dataset.ts";
import { randomFor } from "../seed.ts";
import { type Canvas, constantSetFor } from "./corruption.ts";
import { corruptions } from "./registry.ts";

/** A corruption at a severity, as a configuration names it: `corruption:fog:3`. */
export interface CorruptionSpec {
  readonly name: string;
  /** 1 (mild) to 5. */
  readonly severity: number;
}

const PREFIX = "corruption:";

/** Whether a shift's text names a corruption of the test set, and not a path. */
export function isCorruptionSpec(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** @throws ConfigError if the text is not `corruption:NAME:SEVERITY` with a known name and a severity of 1 to 5 */
export function parseCorruptionSpec(text: string): CorruptionSpec {
  const [name = "", severity = "", ...more] = isCorruptionSpec(text)
    ? text.slice(PREFIX.length).split(":")
    : [];
  const known = corruptions.some((c) => c.name === name);
  if (known && /^[1-5]$/.test(severity) && more.length === 0) return { name, severity: Number(severity) };
  const names = corruptions.map((c) => c.name).join(", ");
  throw new ConfigError(
    `"${text}": expected corruption:NAME:SEVERITY with NAME one of ${names} and SEVERITY 1 to 5`,
  );
}

/**
 * An image as the corruption leaves it, 8-bit again (clipped to 0 … 1, times 255, the fraction cut off, as the
 * published sets are stored). Constants follow the image's size, see `constantSetFor`.
 *
 * @param random the image's own generator: the same one gives the same image
 */
export function corruptImage(
  image: Image,
  spec: CorruptionSpec,
  random: ReturnType<typeof randomFor>,
): Image {
  const { height, width, channels } = image;
  const corruption = corruptions.find((c) => c.name === spec.name);
  if (!corruption) throw new ConfigError(`corruption "${spec.name}" is unknown`);
  const canvas: Canvas = { height, width, channels, data: new Float64Array(image.data.length) };
  for (let i = 0; i < image.data.length; i++) canvas.data[i] = image.data[i]! / 255;
  corruption.apply(canvas, constantSetFor(height, width), spec.severity, random);
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.max(0, Math.min(1, canvas.data[i]!)) * 255;
  return { kind: "image", height, width, channels, data };
}

/**
 * The examples of an image dataset, corrupted. Meant for a dataset at the model's size (`prepared`), since blur and fog
 * are in pixels. Each image's noise depends on the seed, the corruption and the image's name alone, not on the order.
 *
 * @throws DataError if the examples are no images
 */
export function corrupted(dataset: Dataset, spec: CorruptionSpec, seed: number): Dataset {
  if (dataset.kind !== "image") {
    throw new DataError(
      `${dataset.source}: corruption "${spec.name}" needs images, these examples are arrays of numbers`,
    );
  }
  return {
    ...dataset,
    source: `${dataset.source} (${PREFIX}${spec.name}:${spec.severity})`,
    async load(i) {
      const sample = await dataset.load(i);
      if (sample.kind !== "image") throw new TypeError("internal: a dataset of images loaded an array");
      return corruptImage(sample, spec, randomFor(seed, spec.name, dataset.name(i)));
    },
  };
}
