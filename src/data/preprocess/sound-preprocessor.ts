import { DataError } from "../../errors.ts";
import type { NumberArray } from "../dataset.ts";
import { floatBuffer } from "./batch-buffer.ts";
import type { SoundPreprocessing } from "./config.ts";
import type { Preprocessor } from "./preprocessor.ts";
import { resample } from "./resample.ts";
import { soundFeatures } from "./sound-features.ts";

/** Sounds at the model's rate, as the features that it takes: float32 of the dims of its input. */
export function soundPreprocessor(config: SoundPreprocessing): Preprocessor {
  const { dims, samplingRate } = config;
  const features = soundFeatures(config);
  return {
    config,
    dims,
    prepare(sample): NumberArray {
      if (sample.kind !== "audio")
        throw new DataError(`the model takes sounds, got an example of kind ${sample.kind}`);
      if (sample.data.length === 0) throw new DataError("the sound is empty");
      return { kind: "array", dims, data: features(resample(sample.data, sample.sampleRate, samplingRate)) };
    },
    buffer: (input, size) =>
      floatBuffer({ input, dims, size }, (sample, out, offset) => {
        if (sample.kind !== "array")
          throw new TypeError(`internal: a sample of kind ${sample.kind} among features of sounds`);
        out.set(sample.data, offset);
      }),
  };
}
