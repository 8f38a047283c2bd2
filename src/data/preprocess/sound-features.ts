import type { Shape } from "../../tensor/shape.ts";
import type { SoundPreprocessing } from "./config.ts";
import { melSpectrogram } from "./mel-spectrogram.ts";

/** Features of a wave at the model's rate, in the order of its input's dims. */
export type SoundFeatures = (wave: Float32Array) => Float32Array;

/** The features that a model of sounds takes, as Python's transformers computes them. */
export function soundFeatures(config: SoundPreprocessing): SoundFeatures {
  const { features } = config;
  if (features.kind === "wave") return wave(features, config.dims);
  return features.kind === "whisper" ? whisper(config, features) : spectrogramOf(config, features);
}

type Of<K extends SoundPreprocessing["features"]["kind"]> = Extract<
  SoundPreprocessing["features"],
  { kind: K }
>;

/** `Wav2Vec2FeatureExtractor`: mean 0 and variance 1, over the sound or with the silence behind it too. */
function wave({ normalize, over, paddingValue }: Of<"wave">, dims: Shape): SoundFeatures {
  const length = dims.at(-1) ?? 0;
  return (data) => {
    const out = new Float32Array(length).fill(paddingValue);
    out.set(data.subarray(0, length));
    if (!normalize) return out;
    const counted = over === "sound" ? Math.min(length, data.length) : length;
    const seen = out.subarray(0, counted);
    const mean = seen.reduce((sum, v) => sum + v, 0) / counted;
    const variance = seen.reduce((sum, v) => sum + (v - mean) ** 2, 0) / counted;
    const scale = 1 / Math.sqrt(variance + 1e-7);
    for (let i = 0; i < counted; i++) seen[i] = (seen[i]! - mean) * scale;
    return out;
  };
}

/** `WhisperFeatureExtractor`: log10 of mel energies, at most 8 below the largest, scaled; [bins, frames]. */
function whisper({ samplingRate }: SoundPreprocessing, features: Of<"whisper">): SoundFeatures {
  const { fftSize, hop, bins, samples, paddingValue } = features;
  const mel = melSpectrogram({
    fftSize,
    frame: fftSize,
    hop,
    bins,
    samplingRate,
    from: 0,
    to: 8000,
    scale: "slaney",
    centered: true,
    periodic: true,
    emphasis: null,
    floor: 1e-10,
  });
  return (data) => {
    const padded = new Float32Array(samples).fill(paddingValue);
    padded.set(data.subarray(0, samples));
    const energies = mel(padded).slice(0, -1);
    const largest = Math.log10(energies.reduce((most, row) => Math.max(most, ...row), 0));
    const out = new Float32Array(bins * energies.length);
    for (const [f, row] of energies.entries())
      for (let b = 0; b < bins; b++)
        out[b * energies.length + f] = (Math.max(Math.log10(row[b]!), largest - 8) + 4) / 4;
    return out;
  };
}

/** `ASTFeatureExtractor`: ln of mel energies as Kaldi has them, zeros behind them, normalised; [frames, bins]. */
function spectrogramOf({ samplingRate }: SoundPreprocessing, features: Of<"ast">): SoundFeatures {
  const { bins, frames, normalize } = features;
  const mel = melSpectrogram({
    fftSize: 512,
    frame: 400,
    hop: 160,
    bins,
    samplingRate,
    from: 20,
    to: Math.floor(samplingRate / 2),
    scale: "kaldi",
    centered: false,
    periodic: false,
    emphasis: { preemphasis: 0.97 },
    floor: 2 ** -23,
  });
  // The frames that are kept need no more of the wave than this.
  const most = (frames - 1) * 160 + 400;
  return (data) => {
    const out = new Float32Array(frames * bins);
    for (const [f, row] of mel(data.subarray(0, most)).entries()) out.set(row.map(Math.log), f * bins);
    if (normalize)
      for (let i = 0; i < out.length; i++) out[i] = (out[i]! - normalize.mean) / (2 * normalize.std);
    return out;
  };
}
