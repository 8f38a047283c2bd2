import { ConfigError } from "../../errors.ts";
import type { Sample } from "../dataset.ts";
import {
  type ImageInput,
  type ImagePreprocessing,
  imagePreprocessing,
  type Preprocessing,
  type PreprocessOptions,
} from "./config.ts";
import { preprocessingFromJson } from "./preprocessor-json.ts";

/** An input of a model as the graph declares it, without its batch axis; null where a dimension is free. */
export interface ModelInput {
  readonly name: string;
  readonly dims: readonly (number | null)[];
}

export interface PreprocessingSources {
  /** Content of the `preprocessor_config.json` beside the model, if there is one. */
  readonly json?: unknown;
  /** What the user overrides. */
  readonly options?: PreprocessOptions;
  /** Height and width where the model leaves them free; images are then resized to exactly that. */
  readonly size?: readonly [height: number, width: number];
}

/**
 * The preprocessing that a model's input needs for samples of a kind: from `preprocessor_config.json` and the user's
 * overrides, or, without the file, resized to the input's size with pixels in 0 … 1.
 *
 * An image input is [C, H, W] or [H, W, C] with 1 or 3 channels; where both fit, channels come first.
 *
 * @throws ConfigError if the input takes no such samples, or its size is free and nothing fixes it
 */
export function preprocessingFor(
  kind: Sample["kind"],
  input: ModelInput,
  sources: PreprocessingSources = {},
): Preprocessing {
  const shown = `input "${input.name}" [${input.dims.map((d) => d ?? "free").join(", ")}]`;
  if (kind === "array") {
    const dims = input.dims.map((d) => {
      if (d === null)
        throw new ConfigError(`${shown} leaves a dimension free; give the model with fixed dimensions`);
      return d;
    });
    return { kind, dims };
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
