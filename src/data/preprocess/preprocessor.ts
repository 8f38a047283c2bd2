import { ConfigError, DataError } from "../../errors.ts";
import type { Random } from "../../tensor/random.ts";
import { formatShape, type Shape, shapesEqual, sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Image, Sample } from "../dataset.ts";
import { type BatchBuffer, floatBuffer } from "./batch-buffer.ts";
import { captionPreprocessor } from "./caption-preprocessor.ts";
import { checkPreprocessing, type ImagePreprocessing, type Preprocessing } from "./config.ts";
import { centerCrop, resizedSize, toGrey } from "./geometry.ts";
import { createResize, type Resize } from "./resize.ts";
import { soundPreprocessor } from "./sound-preprocessor.ts";
import { textPreprocessor } from "./text-preprocessor.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Token ids, and further inputs of the model beside them, each with a first axis of 1. */
export interface PreparedPrompt {
  readonly ids: readonly number[];
  readonly feeds?: ReadonlyMap<string, Tensor>;
}

/** Turns samples into rows of the model's input, in two moments: what may be kept, and what ends in floats. */
export interface Preprocessor {
  readonly config: Preprocessing;
  /** Dims of one example in the model's input, without the batch axis. */
  readonly dims: Shape;
  /**
   * The sample at the model's size, still 8-bit and, where it was grey, still of one channel: small enough to keep, and
   * what augmentation and corruptions work on.
   *
   * @throws DataError if the sample is of another kind, or its shape cannot become the model's
   */
  prepare(sample: Sample): Sample;
  /** A prepared sample as training sees it once, where that is another draw each time: other tokens hidden, say. */
  draw?(sample: Sample, random: Random): Sample;
  /** What a model that writes goes on from to answer a sample, as it was read or prepared; only where it writes. */
  prompt?(sample: Sample): PreparedPrompt;
  /** Room for batches of `size` prepared samples. @param input name of the model's input, where it has only one */
  buffer(input: string, size: number): BatchBuffer;
}

/**
 * @param tokenizer for texts
 * @throws ConfigError if the configuration contradicts itself, or texts have no tokenizer
 */
export function createPreprocessor(config: Preprocessing, tokenizer: Tokenizer | null = null): Preprocessor {
  if (config.kind === "image") return imagePreprocessor(config);
  if (config.kind === "text") {
    if (tokenizer) return textPreprocessor(config, tokenizer);
    throw new ConfigError("texts need a tokenizer: put the model's tokenizer.json into its folder");
  }
  if (config.kind === "image-text") {
    const parts = {
      image: imagePreprocessor(config.image),
      text: createPreprocessor(config.text, tokenizer),
    };
    return captionPreprocessor(config, parts);
  }
  if (config.kind === "audio") return soundPreprocessor(config);
  const { dims } = config;
  const write = (sample: Sample, out: Float32Array, offset: number) => {
    if (sample.kind !== "array") throw new TypeError("internal: no array in a preprocessor of arrays");
    out.set(sample.data, offset);
  };
  return {
    config,
    dims,
    prepare(sample) {
      if (sample.kind !== "array")
        throw new DataError(`the model takes arrays ${formatShape(dims)}, got ${nameOf(sample)}`);
      if (shapesEqual(sample.dims, dims)) return sample;
      throw new DataError(
        `an array of shape ${formatShape(sample.dims)}, the model takes ${formatShape(dims)}`,
      );
    },
    buffer: (input, size) => floatBuffer({ input, dims, size }, write),
  };
}

/** A sample as messages call it. */
function nameOf(sample: Sample): string {
  if (sample.kind === "array") return `an array of shape ${formatShape(sample.dims)}`;
  if (sample.kind === "audio") return "a sound";
  if (sample.kind === "image-text") return "an image with a text";
  return sample.kind === "image" ? "an image" : "a text";
}

function imagePreprocessor(config: ImagePreprocessing): Preprocessor {
  checkPreprocessing(config);
  const { size, layout, channels } = config;
  const tables = normalisation(config);
  const resize = createResize();
  const area = size.height * size.width;
  const dims = layout === "NCHW" ? [channels, size.height, size.width] : [size.height, size.width, channels];
  const [planeStride, pixelStride] = layout === "NCHW" ? [area, 1] : [1, channels];
  const write = (sample: Sample, out: Float32Array, offset: number): void => {
    if (
      sample.kind !== "image" ||
      sample.data.length !== area * sample.channels ||
      offset + sizeOf(dims) > out.length
    ) {
      throw new TypeError("internal: a sample that was not prepared for this model");
    }
    for (let c = 0; c < channels; c++) {
      const source = sample.channels === 1 ? 0 : config.channelOrder === "bgr" ? 2 - c : c;
      const table = tables[c]!;
      let from = source;
      let to = offset + c * planeStride;
      for (let i = 0; i < area; i++) {
        out[to] = table[sample.data[from]!]!;
        from += sample.channels;
        to += pixelStride;
      }
    }
  };
  return {
    config,
    dims,
    prepare(sample) {
      if (sample.kind !== "image") {
        const remedy = sample.kind === "array" ? "; say with white what white is" : "";
        throw new DataError(`${nameOf(sample)}, the model takes images${remedy}`);
      }
      return toModelSize(sample, config, resize);
    },
    buffer: (input, batch) => floatBuffer({ input, dims, size: batch }, write),
  };
}

function toModelSize(image: Image, config: ImagePreprocessing, resize: Resize): Image {
  let out = config.channels === 1 ? toGrey(image) : image;
  if (config.resize) {
    const to = resizedSize(out, config.resize);
    out = resize(out, to.height, to.width, config.resample);
  }
  if (config.crop) out = centerCrop(out, config.crop);
  const { size } = config;
  if (out.height === size.height && out.width === size.width) return out;
  throw new DataError(
    `an image of ${image.height}x${image.width} becomes ${out.height}x${out.width}, the model takes ` +
      `${size.height}x${size.width}; set resize or crop in the preprocessing`,
  );
}

// (pixel · rescale − mean) / std for each of the 256 pixel values, per channel, computed in float64.
function normalisation({ rescale, mean, std }: ImagePreprocessing): Float32Array[] {
  return mean.map((m, c) => Float32Array.from({ length: 256 }, (_, v) => (v * rescale - m) / std[c]!));
}
