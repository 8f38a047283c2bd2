import { ConfigError } from "../../errors.ts";
import { type ImageInput, type ImagePreprocessing, imagePreprocessing } from "./config.ts";
import type { ResizeRule, Size } from "./geometry.ts";
import type { Resample } from "./resize.ts";

// PIL.Image.Resampling.
const resampleCodes: readonly Resample[] = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"];

// Steps that change pixels and are not done here: to pass over one would feed the model other images than it knows.
const notDone = [
  "do_pad",
  "do_thumbnail",
  "do_align_long_axis",
  "do_crop_margin",
  "do_split_image",
  "do_reduce_labels",
];

/**
 * Preprocessing from the content of a `preprocessor_config.json`, by the keys that Transformers and Transformers.js
 * write for image classifiers: `do_resize`, `size` (number, `{height, width}`, `{shortest_edge, longest_edge}`),
 * `crop_pct`, `resample`, `do_center_crop`, `crop_size`, `do_rescale`, `rescale_factor`, `do_normalize`, `image_mean`,
 * `image_std`, `do_convert_grayscale` (or `do_grayscale`), `do_flip_channel_order`.
 *
 * A missing `do_…` key is true if the values that it needs are there. A size of the configuration that is not the
 * model's input size is an error, since a model exported for one size cannot take another; a model with free height
 * and width takes the size of the configuration.
 *
 * @throws ConfigError for a key with a value of another kind, or a step that is not done here
 */
export function preprocessingFromJson(
  json: unknown,
  input: Omit<ImageInput, "height" | "width"> & {
    readonly height: number | null;
    readonly width: number | null;
  },
  where = "preprocessor_config.json",
): ImagePreprocessing {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new ConfigError(`${where}: expected a JSON object`);
  }
  const values = json as Readonly<Record<string, unknown>>; // An object's keys are strings.
  const bad = (key: string, expected: string): ConfigError =>
    new ConfigError(`${where}: ${key} is ${JSON.stringify(values[key])}, expected ${expected}`, {
      details: { key },
    });
  const refused = notDone.filter((key) => values[key] === true);
  if (refused.length > 0) {
    throw new ConfigError(
      `${where}: ${refused.join(", ")} is not supported; prepare the images first and set it to false`,
    );
  }
  const flag = (key: string, otherwise: boolean): boolean => {
    const value = values[key] ?? otherwise;
    if (typeof value !== "boolean") throw bad(key, "true or false");
    return value;
  };
  const number = (key: string, otherwise: number): number => {
    const value = values[key] ?? otherwise;
    if (typeof value !== "number" || !Number.isFinite(value)) throw bad(key, "a number");
    return value;
  };
  const isFlipped = flag("do_flip_channel_order", false);
  const perChannel = (key: string): readonly number[] => {
    const value = values[key];
    const numbers = typeof value === "number" ? [value] : value;
    if (!Array.isArray(numbers) || !numbers.every((v) => typeof v === "number")) throw bad(key, "numbers");
    // A grey model's file may carry the three equal numbers of its colour parent.
    if (numbers.length !== input.channels && new Set(numbers).size === 1) {
      return new Array<number>(input.channels).fill(numbers[0] ?? 0);
    }
    // Transformers normalises before it flips, so a file's numbers are in the order of the image; ours are the model's.
    return isFlipped ? numbers.toReversed() : numbers;
  };

  const sizeKey = values.size ?? null;
  const geometry = flag("do_resize", sizeKey !== null)
    ? resizeFrom(sizeKey, number("crop_pct", 1), number("max_size", 0), () => bad("size", "a size"))
    : { resize: null, crop: null };
  let { crop } = geometry;
  if (flag("do_center_crop", values.crop_size !== undefined)) {
    crop = squareOr(values.crop_size ?? sizeKey, () => bad("crop_size", "a number or {height, width}"));
  }
  const code = number("resample", 2);
  const resample = resampleCodes[code];
  if (resample === undefined) throw bad("resample", "a code of PIL, 0 to 5");
  if (flag("do_convert_grayscale", false) || flag("do_grayscale", false)) {
    if (input.channels !== 1)
      throw new ConfigError(`${where}: images turn grey, but the model takes 3 channels`);
  }
  const normalised = flag("do_normalize", values.image_mean !== undefined);
  const fixed = crop ?? (geometry.resize && "height" in geometry.resize ? geometry.resize : null);
  const height = input.height ?? fixed?.height;
  const width = input.width ?? fixed?.width;
  if (height === undefined || width === undefined) {
    throw new ConfigError(
      `${where}: the model takes images of any size, and neither crop_size nor size fixes one`,
    );
  }
  return imagePreprocessing(
    { ...input, height, width },
    {
      resize: geometry.resize,
      crop,
      resample,
      channelOrder: isFlipped ? "bgr" : "rgb",
      rescale: flag("do_rescale", true) ? number("rescale_factor", 1 / 255) : 1,
      ...(normalised ? { mean: perChannel("image_mean"), std: perChannel("image_std") } : {}),
    },
  );
}

function resizeFrom(
  size: unknown,
  cropPct: number,
  maxSize: number,
  bad: () => ConfigError,
): { resize: ResizeRule; crop: Size | null } {
  const fields = typeof size === "number" ? { shortest_edge: size } : size;
  if (typeof fields !== "object" || fields === null) throw bad();
  const {
    height,
    width,
    shortest_edge: shortest,
    longest_edge: longest,
  } = fields as Readonly<Record<string, unknown>>;
  if (typeof height === "number" && typeof width === "number")
    return { resize: { height, width }, crop: null };
  if (typeof shortest === "number") {
    if (cropPct !== 1) {
      // ConvNeXt: below 384 pixels resize by the crop's share and take the middle; above, resize to the square.
      const square = { height: shortest, width: shortest };
      if (shortest >= 384) return { resize: square, crop: null };
      return { resize: { shortestEdge: Math.trunc(shortest / cropPct) }, crop: square };
    }
    const longestEdge = typeof longest === "number" ? longest : maxSize;
    return {
      resize: longestEdge > 0 ? { shortestEdge: shortest, longestEdge } : { shortestEdge: shortest },
      crop: null,
    };
  }
  if (typeof longest === "number") return { resize: { longestEdge: longest }, crop: null };
  throw bad();
}

function squareOr(size: unknown, bad: () => ConfigError): Size {
  if (typeof size === "number") return { height: size, width: size };
  if (typeof size !== "object" || size === null) throw bad();
  const { height, width, shortest_edge: edge } = size as Readonly<Record<string, unknown>>;
  if (typeof height === "number" && typeof width === "number") return { height, width };
  if (typeof edge === "number") return { height: edge, width: edge };
  throw bad();
}
