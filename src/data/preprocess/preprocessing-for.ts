import { ConfigError } from "../../errors.ts";
import type { DataType } from "../../tensor/data-type.ts";
import type { SampleKind } from "../dataset.ts";
import {
  type CaptionPreprocessing,
  type ImageInput,
  type ImagePreprocessing,
  imagePreprocessing,
  type Preprocessing,
  type PreprocessOptions,
  type SoundPreprocessing,
  type TextPreprocessing,
  type TokenInput,
} from "./config.ts";
import { preprocessingFromJson } from "./preprocessor-json.ts";
import { isSoundJson, plainWaves, soundPreprocessing } from "./sound-json.ts";

/** An input of a model as the graph declares it, without its batch axis; null where a dimension is free. */
export interface ModelInput {
  readonly name: string;
  readonly dtype: DataType;
  readonly dims: readonly (number | null)[];
}

export interface PreprocessingSources {
  /** Content of the `preprocessor_config.json` beside the model, if there is one. */
  readonly json?: unknown;
  /** What the user overrides. */
  readonly options?: PreprocessOptions;
  /** Height and width where the model leaves them free; images are then resized to exactly that. */
  readonly size?: readonly [height: number, width: number];
  /** The most tokens of a text, where the model leaves the length free. */
  readonly maxLength?: number;
  /** The same where neither the model nor `maxLength` says it: what the tokenizer is made for. */
  readonly usualLength?: number;
  /** Hz of the sounds that the model knows, whatever the file says. */
  readonly samplingRate?: number;
  /** The same where neither the file nor `samplingRate` says it. */
  readonly usualRate?: number;
  /** A batch of texts is filled up to a multiple of this; to `maxLength` if left out. */
  readonly lengthStep?: number;
}

/**
 * The preprocessing that a model's input needs for samples of a kind: from `preprocessor_config.json` and the user's
 * overrides, or, without the file, images resized to the input's size with pixels in 0 … 1, and sounds as waves.
 *
 * An image input is [C, H, W] or [H, W, C] with 1 or 3 channels; where both fit, channels come first.
 *
 * Texts need integer inputs, told apart by their names: a mask, segments ("type"), positions, and the token ids.
 *
 * @throws ConfigError if the inputs take no such samples, or a size is free and nothing fixes it
 */
export function preprocessingFor(
  kind: SampleKind,
  inputs: readonly ModelInput[],
  sources: PreprocessingSources = {},
): Preprocessing {
  if (kind === "text" || kind === "dialogue") return textPreprocessing(inputs, sources);
  if (kind === "image-text") return captionPreprocessing(inputs, sources);
  const [input, ...more] = inputs;
  if (!input || more.length > 0 || input.dtype !== "float32") {
    throw new ConfigError(
      `the model takes ${describeInputs(inputs)}; ${kind === "image" ? "images" : kind === "audio" ? "sounds" : "arrays"} feed one input of float32. ` +
        "Others get one value for good with --fix NAME=VALUE. Where a column holds texts, name it with --dataset.textColumn",
    );
  }
  const shown = `input "${input.name}" [${input.dims.map((d) => d ?? "free").join(", ")}]`;
  if (kind === "audio") return soundsFor(shown, input.dims, sources);
  if (kind === "array") {
    const dims = input.dims.map((d) => {
      if (d === null)
        throw new ConfigError(`${shown} leaves a dimension free; give the model with fixed dimensions`);
      return d;
    });
    return { kind: "array", dims };
  }
  const declared = imageInput(input.dims);
  if (declared === null) {
    throw new ConfigError(`${shown} takes no images, expected [C, H, W] or [H, W, C] with 1 or 3 channels`);
  }
  const { json, options, size } = sources;
  const free = declared.height === null || declared.width === null;
  const fixed = {
    ...declared,
    height: declared.height ?? size?.[0] ?? null,
    width: declared.width ?? size?.[1] ?? null,
  };
  if (size && (size[0] !== fixed.height || size[1] !== fixed.width)) {
    throw new ConfigError(`${shown} cannot take images of ${size[0]}x${size[1]}`);
  }
  // A size that the user chose replaces what the file says of sizes.
  const exact = size && free ? { resize: { height: size[0], width: size[1] }, crop: null } : {};
  let base: ImagePreprocessing | undefined;
  if (json !== undefined) {
    base = preprocessingFromJson(size && free ? withoutSizes(json) : json, fixed);
  }
  const { height, width } = base?.size ?? fixed;
  if (height === null || width === null) {
    throw new ConfigError(`${shown} takes images of any size: set preprocess.size to [height, width]`);
  }
  return imagePreprocessing({ ...declared, height, width }, { ...exact, ...options }, base);
}

function soundsFor(
  shown: string,
  dims: readonly (number | null)[],
  { json, samplingRate, usualRate }: PreprocessingSources,
): SoundPreprocessing {
  if (isSoundJson(json))
    return soundPreprocessing(
      samplingRate === undefined ? json : { ...json, sampling_rate: samplingRate },
      dims,
    );
  if (dims.slice(0, -1).some((d) => d !== 1) || dims.length > 2)
    throw new ConfigError(
      `${shown} takes no waves, expected [T] or [1, T]; how sounds become something else says a preprocessor_config.json beside the model`,
    );
  const rate = samplingRate ?? usualRate;
  if (rate === undefined)
    throw new ConfigError(
      `${shown} takes waves of a rate that nothing says: set preprocess.samplingRate, in Hz`,
    );
  return soundPreprocessing(plainWaves(rate), dims);
}

function captionPreprocessing(
  inputs: readonly ModelInput[],
  sources: PreprocessingSources,
): CaptionPreprocessing {
  const pixels = inputs.filter((i) => i.dtype === "float32");
  const [input] = pixels;
  const image = pixels.length === 1 ? preprocessingFor("image", pixels, sources) : null;
  if (!input || image?.kind !== "image")
    throw new ConfigError(
      `the model takes ${describeInputs(inputs)}; images with texts feed one input of pixels (float32) beside those of token ids`,
    );
  const text = textPreprocessing(
    inputs.filter((i) => i !== input),
    sources,
  );
  return { kind: "image-text", image, pixels: input.name, text };
}

/** The inputs as messages list them. */
export function describeInputs(inputs: readonly ModelInput[]): string {
  return inputs
    .map((i) => `"${i.name}" ${i.dtype} [${i.dims.map((d) => d ?? "free").join(", ")}]`)
    .join(", ");
}

interface TextSources extends Pick<PreprocessingSources, "lengthStep"> {
  readonly maxLength?: number | null;
  readonly usualLength?: number | null;
}

function textPreprocessing(
  inputs: readonly ModelInput[],
  { maxLength = null, usualLength = null, lengthStep }: TextSources,
): TextPreprocessing {
  const found: Partial<Record<"ids" | "mask" | "types" | "positions", TokenInput>> = {};
  for (const { name, dtype, dims } of inputs) {
    const role = roleOf(name);
    if ((dtype !== "int64" && dtype !== "int32") || dims.length !== 1 || found[role]) {
      throw new ConfigError(
        `the model takes ${describeInputs(inputs)}; texts feed [batch, length] inputs of token ids, and maybe of a mask, segments and positions`,
      );
    }
    found[role] = { name, dtype };
  }
  const fixed = inputs.map((i) => i.dims[0]).find((d) => typeof d === "number") ?? null;
  if (maxLength !== null && fixed !== null && maxLength > fixed)
    throw new ConfigError(
      `the model takes ${fixed} tokens, so preprocess.maxLength ${maxLength} is too many`,
    );
  const length = fixed ?? maxLength ?? usualLength;
  const { ids, mask = null, types = null, positions = null } = found;
  if (!ids || length === null)
    throw new ConfigError(`the model takes ${describeInputs(inputs)}; none of them is of token ids`);
  return {
    kind: "text",
    maxLength: length,
    lengthStep: fixed ?? lengthStep ?? length,
    ids,
    mask,
    types,
    positions,
  };
}

function roleOf(name: string): "ids" | "mask" | "types" | "positions" {
  if (/mask/iu.test(name)) return "mask";
  if (/type|segment/iu.test(name)) return "types";
  return /position/iu.test(name) ? "positions" : "ids";
}

type DeclaredImage = Omit<ImageInput, "height" | "width"> & {
  readonly height: number | null;
  readonly width: number | null;
};

function imageInput(dims: readonly (number | null)[]): DeclaredImage | null {
  const [a = null, b = null, c = null] = dims;
  if (dims.length !== 3) return null;
  if (a === 1 || a === 3) return { channels: a, height: b, width: c, layout: "NCHW" };
  if (c === 1 || c === 3) return { channels: c, height: a, width: b, layout: "NHWC" };
  return null;
}

function withoutSizes(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  return { ...json, do_resize: false, do_center_crop: false };
}
