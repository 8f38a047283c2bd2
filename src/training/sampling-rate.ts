import type { Dataset } from "../data/dataset.ts";
import { isSoundJson } from "../data/preprocess/sound-json.ts";
import { DataError } from "../errors.ts";
import type { ModelSource } from "./model-source.ts";

/** A rate that is taken for the model's because nothing says its own, and a sentence that says so. */
interface AssumedRate {
  readonly usualRate?: number;
  readonly notes: readonly string[];
}

/**
 * Where neither a model's folder nor the settings say at which rate it knows sounds, that of a set's first sound that can
 * be read; nothing of other data.
 */
export async function assumedRate(
  dataset: Dataset,
  { preprocessor }: Pick<ModelSource, "preprocessor">,
  { samplingRate }: { readonly samplingRate?: number | undefined },
): Promise<AssumedRate> {
  if (dataset.kind !== "audio" || samplingRate !== undefined || isSoundJson(preprocessor))
    return { notes: [] };
  for (let i = 0; i < dataset.length; i++) {
    const rate = await rateAt(dataset, i);
    if (rate === null) continue;
    const note =
      `Nothing says the sampling rate of the sounds that the model knows: ${rate} Hz is taken, which ` +
      `${dataset.name(i)} has, and sounds of other rates are resampled to it. Say the model's with preprocess.samplingRate.`;
    return { usualRate: rate, notes: [note] };
  }
  return { notes: [] };
}

/** Null for a sound that cannot be read, which is told where it is needed. */
async function rateAt(dataset: Dataset, i: number): Promise<number | null> {
  try {
    const sample = await dataset.load(i);
    return sample.kind === "audio" ? sample.sampleRate : null;
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}
