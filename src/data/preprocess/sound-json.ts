import { ConfigError } from "../../errors.ts";
import type { SoundPreprocessing } from "./config.ts";

type Values = Readonly<Record<string, unknown>>;
type Dims = readonly (number | null)[];

/** Whether a `preprocessor_config.json` is one of sounds. */
export function isSoundJson(json: unknown): json is Values {
  return typeof json === "object" && json !== null && "feature_extractor_type" in json;
}

/**
 * Preprocessing of sounds from the content of a `preprocessor_config.json`, by the keys and defaults that transformers has
 * for `WhisperFeatureExtractor`, `ASTFeatureExtractor` and `Wav2Vec2FeatureExtractor`.
 *
 * @param dims of the model's input without the batch axis; null where it is free, and the file says the size
 * @throws ConfigError for another extractor, a value of another kind, or features that the input does not take
 */
export function soundPreprocessing(json: Values, dims: Dims): SoundPreprocessing {
  const type = String(json.feature_extractor_type);
  const extractor = extractors.get(type);
  if (!extractor)
    throw new ConfigError(
      `preprocessor_config.json: feature_extractor_type ${type} is not known; known are ${[...extractors.keys()].join(", ")}`,
    );
  const samplingRate = positive(json, "sampling_rate", 16_000);
  const { features, wanted } = extractor(json, dims, samplingRate);
  const fits = wanted.length === dims.length && wanted.every((d, i) => dims[i] === null || dims[i] === d);
  if (!fits)
    throw new ConfigError(
      `${type} gives [${wanted.join(", ")}], the model's input takes [${dims.map((d) => d ?? "free").join(", ")}]`,
    );
  return { kind: "audio", samplingRate, dims: wanted, features };
}

/**
 * A `preprocessor_config.json` of waves as they are: the first numbers of each, with silence behind a shorter one.
 *
 * @param samplingRate in Hz
 */
export function plainWaves(samplingRate: number): Values {
  return {
    feature_extractor_type: "Wav2Vec2FeatureExtractor",
    feature_size: 1,
    sampling_rate: samplingRate,
    do_normalize: false,
    padding_value: 0,
    return_attention_mask: false,
  };
}

interface Extracted {
  readonly features: SoundPreprocessing["features"];
  /** Dims of one example. */
  readonly wanted: readonly number[];
}

const extractors: ReadonlyMap<string, (json: Values, dims: Dims, samplingRate: number) => Extracted> =
  new Map([
    ["WhisperFeatureExtractor", whisper],
    ["ASTFeatureExtractor", ast],
    ["Wav2Vec2FeatureExtractor", wave],
  ]);

function whisper(json: Values, _: Dims, samplingRate: number): Extracted {
  const bins = positive(json, "feature_size", 80);
  const hop = positive(json, "hop_length", 160);
  const samples = positive(json, "chunk_length", 30) * samplingRate;
  const fftSize = positive(json, "n_fft", 400);
  const paddingValue = number(json, "padding_value", 0);
  if (number(json, "dither", 0) !== 0)
    throw new ConfigError(
      "preprocessor_config.json: dither adds noise to sounds, which is not done here; set it to 0",
    );
  return {
    features: { kind: "whisper", fftSize, hop, bins, samples, paddingValue },
    wanted: [bins, Math.floor(samples / hop)],
  };
}

function ast(json: Values): Extracted {
  const bins = positive(json, "num_mel_bins", 128);
  const frames = positive(json, "max_length", 1024);
  const normalize = flag(json, "do_normalize", true)
    ? { mean: number(json, "mean", -4.2677393), std: number(json, "std", 4.5689974) }
    : null;
  return { features: { kind: "ast", bins, frames, normalize }, wanted: [frames, bins] };
}

function wave(json: Values, dims: Dims): Extracted {
  const length = dims.at(-1) ?? null;
  if (length === null)
    throw new ConfigError(
      "the model takes waves of any length; give the model with a fixed length of its input, in numbers of the wave",
    );
  return {
    features: {
      kind: "wave",
      normalize: flag(json, "do_normalize", true),
      over: flag(json, "return_attention_mask", false) ? "sound" : "all",
      paddingValue: number(json, "padding_value", 0),
    },
    wanted: dims.length === 2 ? [1, length] : [length],
  };
}

function number(json: Values, key: string, usual: number): number {
  const value = json[key] ?? usual;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new ConfigError(`preprocessor_config.json: ${key} is ${JSON.stringify(value)}, expected a number`);
}

/** Beyond this no count makes sense, and memory would not hold what it asks for. */
const MOST = 2 ** 24;

function positive(json: Values, key: string, usual: number): number {
  const value = number(json, key, usual);
  if (Number.isInteger(value) && value > 0 && value <= MOST) return value;
  throw new ConfigError(
    `preprocessor_config.json: ${key} is ${value}, expected a whole number from 1 to ${MOST}`,
  );
}

function flag(json: Values, key: string, usual: boolean): boolean {
  const value = json[key] ?? usual;
  if (typeof value === "boolean") return value;
  throw new ConfigError(
    `preprocessor_config.json: ${key} is ${JSON.stringify(value)}, expected true or false`,
  );
}
