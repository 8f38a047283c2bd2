import type { Text } from "../data/dataset.ts";
import { encodePng } from "../data/encode-png.ts";
import { base64 } from "../run/bits.ts";
import type { SampleRecord } from "../run/records.ts";
import type { EvaluationSet, Prediction } from "./evaluate.ts";

/** Examples shown per set: half of them wrong, if there are that many. */
const PER_SET = 16;

/** Picks predictions that are worth a look: the most certain mistakes first, then right ones spread over the set. */
export function pickSamples(predictions: readonly Prediction[]): Prediction[] {
  const certainty = (p: Prediction) => p.probabilities[p.predicted] ?? 0;
  const wrong = predictions
    .filter((p) => p.predicted !== p.label)
    .sort((a, b) => certainty(b) - certainty(a));
  const right = predictions.filter((p) => p.predicted === p.label);
  const mistakes = wrong.slice(0, PER_SET / 2);
  const count = Math.min(right.length, PER_SET - mistakes.length);
  const spread = Array.from({ length: count }, (_, i) => right[Math.floor((i * right.length) / count)]!);
  return [...mistakes, ...spread];
}

/** Characters of a text that a page shows. */
const SHOWN = 280;

function shown({ text, pair }: Text): string {
  const whole = pair === undefined ? text : `${text} / ${pair}`;
  return whole.length > SHOWN ? `${whole.slice(0, SHOWN)}…` : whole;
}

/** The picked predictions with their images or texts, as the run folder keeps them. */
export async function sampleRecords(
  set: EvaluationSet,
  picked: readonly Prediction[],
): Promise<SampleRecord[]> {
  const { dataset } = set.loader;
  return Promise.all(
    picked.map(async ({ index, label, predicted, probabilities }): Promise<SampleRecord> => {
      const sample = await dataset.load(index);
      const text = sample.kind === "tokens" ? shown(sample.source) : undefined;
      const png = sample.kind === "image" ? base64(await encodePng(sample)) : undefined;
      return {
        set: set.name,
        kind: set.kind,
        name: dataset.name(index),
        label,
        predicted,
        probabilities,
        ...(png === undefined ? {} : { png }),
        ...(text === undefined ? {} : { text }),
      };
    }),
  );
}
