import { DataError } from "../../errors.ts";
import { formatShape, type Shape, shapesEqual, sizeOf } from "../../tensor/shape.ts";
import type { Image, Sample } from "../dataset.ts";
import { checkPreprocessing, type ImagePreprocessing, type Preprocessing } from "./config.ts";
import { centerCrop, resizedSize, toGrey } from "./geometry.ts";
import { resize } from "./resize.ts";

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
  /** Writes a prepared sample as float32 to `out` from `offset`, `sizeOf(dims)` numbers. */
  write(sample: Sample, out: Float32Array, offset: number): void;
}

/** @throws ConfigError if the configuration contradicts itself */
export function createPreprocessor(config: Preprocessing): Preprocessor {
  if (config.kind === "image") return imagePreprocessor(config);
  const { dims } = config;
  return {
    config,
    dims,
    prepare(sample) {
      if (sample.kind === "image")
        throw new DataError(`the model takes arrays ${formatShape(dims)}, got an image`);
      if (shapesEqual(sample.dims, dims)) return sample;
      throw new DataError(
        `an array of shape ${formatShape(sample.dims)}, the model takes ${formatShape(dims)}`,
      );
    },
    write(sample, out, offset) {
      if (sample.kind === "image") throw new TypeError("internal: an image in a preprocessor of arrays");
      out.set(sample.data, offset);
    },
  };
}

function imagePreprocessor(config: ImagePreprocessing): Preprocessor {
  checkPreprocessing(config);
  const { size, layout, channels } = config;
  const tables = normalisation(config);
  const area = size.height * size.width;
  const dims = layout === "NCHW" ? [channels, size.height, size.width] : [size.height, size.width, channels];
  const [planeStride, pixelStride] = layout === "NCHW" ? [area, 1] : [1, channels];
  return {
    config,
    dims,
    prepare(sample) {
      if (sample.kind !== "image") {
        throw new DataError(
          `an array of shape ${formatShape(sample.dims)}, the model takes images; say with white what white is`,
        );
      }
      return toModelSize(sample, config);
    },
    write(sample, out, offset) {
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
    },
  };
}

function toModelSize(image: Image, config: ImagePreprocessing): Image {
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
