import { ConfigError } from "../../errors.ts";
import type { ResizeRule, Size } from "./geometry.ts";
import type { Resample } from "./resize.ts";

/**
 * Everything that happens to an image between its file and the model, as plain data: a run folder records it, and
 * `createPreprocessor` of the record does the same again.
 *
 *     resize → crop → (augmentation or corruption) → channels → (pixel · rescale − mean) / std → layout
 */
export interface ImagePreprocessing {
  readonly kind: "image";
  readonly resize: ResizeRule | null;
  readonly resample: Resample;
  readonly crop: Size | null;
  /** What the model takes: 1 (grey, by luma) or 3; a grey image is repeated in three channels. */
  readonly channels: 1 | 3;
  readonly channelOrder: "rgb" | "bgr";
  /** Factor on pixels 0 … 255, usually 1/255. */
  readonly rescale: number;
  /** Subtracted after rescaling, one number per channel in the order that the model takes. */
  readonly mean: readonly number[];
  /** Divided by at the end, one number per channel. */
  readonly std: readonly number[];
  /** `NCHW`: an example is [channels, height, width]; `NHWC`: [height, width, channels]. */
  readonly layout: "NCHW" | "NHWC";
  /** Size of every image at the end; `resize` and `crop` must lead to it. */
  readonly size: Size;
}

/** Arrays go to the model as they are; their dims are checked against its input's. */
export interface ArrayPreprocessing {
  readonly kind: "array";
  readonly dims: readonly number[];
}

/** An input of a model of token ids, and the integers that it takes. */
export interface TokenInput {
  readonly name: string;
  readonly dtype: "int64" | "int32";
}

/** Texts are tokenised by the tokenizer that lies beside the model. */
export interface TextPreprocessing {
  readonly kind: "text";
  /** The most tokens of an example, special tokens included; longer texts are cut. */
  readonly maxLength: number;
  /** A batch is filled up to a multiple of this many tokens; `maxLength` where the model takes one length. */
  readonly lengthStep: number;
  /** Where given, a batch is filled up to the smallest of these lengths that holds it, whatever the step; ascending. */
  readonly lengths?: readonly number[];
  /** What each input of the model is fed. */
  readonly ids: TokenInput;
  readonly mask: TokenInput | null;
  readonly types: TokenInput | null;
  readonly positions: TokenInput | null;
}

/** Captioned images feed an input of pixels and those of a text. */
export interface CaptionPreprocessing {
  readonly kind: "image-text";
  readonly image: ImagePreprocessing;
  /** The input that takes pixels. */
  readonly pixels: string;
  readonly text: TextPreprocessing;
}

/** Sounds are brought to one rate, and then to what a `preprocessor_config.json` says: spectrograms, or waves. */
export interface SoundPreprocessing {
  readonly kind: "audio";
  /** Numbers a second of the waves that the model knows. */
  readonly samplingRate: number;
  /** Of one example in the model's input. */
  readonly dims: readonly number[];
  readonly features:
    | {
        readonly kind: "whisper";
        /** Numbers in a transform, and from one to the next. */
        readonly fftSize: number;
        readonly hop: number;
        readonly bins: number;
        /** A sound is cut or filled up to this many numbers. */
        readonly samples: number;
        readonly paddingValue: number;
      }
    | {
        readonly kind: "ast";
        readonly bins: number;
        /** A spectrogram is cut or filled up to this many. */
        readonly frames: number;
        /** (x − mean) / (2 std), or as it is. */
        readonly normalize: { readonly mean: number; readonly std: number } | null;
      }
    | {
        readonly kind: "wave";
        /** Whether waves get mean 0 and variance 1. */
        readonly normalize: boolean;
        /** What these are taken over: the sound, or all of the input with what fills it up. */
        readonly over: "sound" | "all";
        readonly paddingValue: number;
      };
}

export type Preprocessing =
  | ImagePreprocessing
  | ArrayPreprocessing
  | TextPreprocessing
  | CaptionPreprocessing
  | SoundPreprocessing;

/** What the model's image input looks like, without its batch axis. */
export interface ImageInput extends Size {
  readonly channels: 1 | 3;
  readonly layout?: "NCHW" | "NHWC";
}

/** What a user may say instead of a `preprocessor_config.json`, or to override one. */
export type PreprocessOptions = Partial<Omit<ImagePreprocessing, "kind" | "channels" | "layout" | "size">>;

/**
 * Preprocessing from explicit options. Without any: resized to the input's size by a bilinear filter (the aspect is
 * lost), pixels in 0 … 1, not normalised.
 *
 * @param base what the options override, such as a model's own preprocessing
 * @throws ConfigError if the values do not fit the model's input
 */
export function imagePreprocessing(
  input: ImageInput,
  options: PreprocessOptions = {},
  base?: ImagePreprocessing,
): ImagePreprocessing {
  const { channels, layout = "NCHW" } = input;
  const size = { height: input.height, width: input.width };
  const from: Omit<ImagePreprocessing, "kind" | "channels" | "layout" | "size"> = base ?? {
    resize: size,
    resample: "bilinear",
    crop: null,
    channelOrder: "rgb",
    rescale: 1 / 255,
    mean: new Array<number>(channels).fill(0),
    std: new Array<number>(channels).fill(1),
  };
  const config: ImagePreprocessing = { ...from, ...options, kind: "image", channels, layout, size };
  checkPreprocessing(config);
  return config;
}

/** @throws ConfigError listing everything that does not fit together */
export function checkPreprocessing(config: ImagePreprocessing): void {
  const problems: string[] = [];
  const positive = (n: number) => Number.isInteger(n) && n > 0 && n <= 2 ** 15;
  const { size, resize, crop, channels, mean, std, rescale } = config;
  const sized = (s: Size) => `${s.height}x${s.width}`;
  if (![size.height, size.width].every(positive))
    problems.push(`size ${sized(size)} is not a size in pixels`);
  if (resize && !Object.values(resize).every((n) => n === undefined || positive(n))) {
    problems.push(`resize ${JSON.stringify(resize)} is not in pixels`);
  }
  const fits = (s: Size) => s.height === size.height && s.width === size.width;
  if (crop && !fits(crop))
    problems.push(`images are cropped to ${sized(crop)}, the model takes ${sized(size)}`);
  if (!crop && resize && "height" in resize && !fits(resize)) {
    problems.push(`images are resized to ${sized(resize)}, the model takes ${sized(size)}`);
  }
  for (const [name, values] of Object.entries({ mean, std })) {
    if (values.length !== channels)
      problems.push(`${name} has ${values.length} numbers, expected ${channels}`);
    if (!values.every(Number.isFinite)) problems.push(`${name} is [${values.join(", ")}]`);
  }
  if (std.some((s) => s === 0)) problems.push("std is 0");
  if (!Number.isFinite(rescale)) problems.push(`rescale is ${rescale}`);
  if (problems.length > 0)
    throw new ConfigError(`Preprocessing: ${problems.join("; ")}.`, { details: { problems } });
}
