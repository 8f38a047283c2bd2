import { ConfigError, DataError } from "../../errors.ts";
import { hashSample } from "../content-hash.ts";
import type { Dataset, Image, SampleKind } from "../dataset.ts";
import type { Preprocessor } from "../preprocess/preprocessor.ts";
import { randomFor } from "../seed.ts";
import { withNoise } from "../text-noise.ts";
import { type Canvas, constantSetFor } from "./corruption.ts";
import { corruptions, textCorruptions } from "./registry.ts";

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
  const names = [...namesFor("image"), ...namesFor("text")];
  if (names.includes(name) && /^[1-5]$/.test(severity) && more.length === 0)
    return { name, severity: Number(severity) };
  throw new ConfigError(
    `"${text}": expected corruption:NAME:SEVERITY with NAME one of ${names.join(", ")} and SEVERITY 1 to 5`,
  );
}

/**
 * An image as the corruption leaves it, 8-bit again (clipped to 0 … 1, times 255, the fraction cut off, as the
 * published sets are stored). Constants follow the image's size, see `constantSetFor`. A mask stays as it is.
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
  return { ...image, data };
}

export interface CorruptedOptions {
  readonly seed: number;
  /** What the dataset was prepared by: a text that was changed is tokenised again. */
  readonly preprocessor: Preprocessor;
}

/**
 * The examples of a prepared dataset, corrupted: images at the model's size, since blur and fog are in pixels, or texts.
 * Each example's noise depends on the seed, the corruption and the example's name alone, not on the order; an image that
 * many texts are about is one image, so there its pixels stand for the name. Labels, masks and such texts stay as they are.
 *
 * @throws DataError if the examples are not what the corruption is for
 */
export function corrupted(dataset: Dataset, spec: CorruptionSpec, options: CorruptedOptions): Dataset {
  const { name, severity } = spec;
  const text = textCorruptions.find((c) => c.name === name);
  const kind = text ? "text" : "image";
  const fitting = namesFor(dataset.kind);
  if (!fitting.includes(name)) {
    throw new DataError(
      `${dataset.source}: corruption "${name}" needs ${kind}s, these examples are ${dataset.kind}s` +
        (fitting.length === 0 ? "" : `; for them there are ${fitting.join(", ")}`),
    );
  }
  const noise = text?.noise(text.severities[severity - 1]!); // a severity is 1 to 5
  // Noise changes how many tokens a text has, and what comes of an image's file.
  const { size, stored: _, ...rest } = dataset;
  return {
    ...rest,
    ...(dataset.kind === "image-text" && size ? { size } : {}),
    source: `${dataset.source} (${PREFIX}${name}:${severity})`,
    async load(i) {
      const sample = await dataset.load(i);
      const drawnFor = sample.kind === "image-text" ? hashSample(sample.image) : dataset.name(i);
      const random = randomFor(options.seed, name, drawnFor);
      if (sample.kind === "image-text") return { ...sample, image: corruptImage(sample.image, spec, random) };
      if (sample.kind === "image") return corruptImage(sample, spec, random);
      if (sample.kind !== "tokens" || !noise)
        throw new TypeError(
          `internal: a prepared dataset of ${kind}s loaded an example of kind ${sample.kind}`,
        );
      return options.preprocessor.prepare(withNoise(sample.source, noise, random));
    },
  };
}

/** Names of the corruptions that fit examples of a kind; of images with texts, those of images. */
export function namesFor(kind: SampleKind): string[] {
  if (kind === "text") return textCorruptions.map((c) => c.name);
  return kind === "image" || kind === "image-text" ? corruptions.map((c) => c.name) : [];
}
