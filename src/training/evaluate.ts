import type { Batch, Loader } from "../data/loader.ts";
import { ClassificationMeter, type ClassificationResult, softmax } from "../evaluation/metrics.ts";
import { base64 } from "../run/bits.ts";
import type { EvaluatedModel, EvaluationRecord, SetKind } from "../run/records.ts";

/** A set to judge a model on. */
export interface EvaluationSet {
  readonly name: string;
  readonly kind: SetKind;
  readonly loader: Loader;
}

/** A prediction on one example. */
export interface Prediction {
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** One per class. */
  readonly probabilities: readonly number[];
}

export interface EvaluateOptions {
  readonly classes: number;
  /** Told after each batch how many examples are done. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Asked after each batch; true ends the evaluation early with null. */
  readonly shouldStop?: () => boolean;
  /** Receives every prediction, with its probabilities. */
  readonly onPrediction?: (prediction: Prediction) => void;
}

/** What gives logits [B, C] for a batch: a run's sessions, or a model on disk. */
export interface Predictor {
  predict(batch: Batch): Promise<Float32Array>;
}

/** Judges the present parameters on a set. @returns null if it was stopped */
export async function evaluateSet(
  predictor: Predictor,
  set: EvaluationSet,
  options: EvaluateOptions,
): Promise<ClassificationResult | null> {
  const { classes, onProgress, shouldStop, onPrediction } = options;
  const { dataset } = set.loader;
  const meter = new ClassificationMeter(classes);
  let done = 0;
  for await (const batch of set.loader.epoch(0)) {
    const logits = await predictor.predict(batch);
    const labels = batch.indices.map((i) => dataset.label(i));
    meter.add(logits, labels);
    if (onPrediction) {
      batch.indices.forEach((index, row) => {
        const probabilities = softmax(logits, row * classes, classes);
        const predicted = probabilities.indexOf(Math.max(...probabilities));
        onPrediction({ index, label: labels[row]!, predicted, probabilities });
      });
    }
    done += batch.count;
    onProgress?.(done, dataset.length);
    if (shouldStop?.()) return null;
  }
  return meter.result();
}

/** A result as the run folder keeps it. */
export function evaluationRecord(
  set: EvaluationSet,
  result: ClassificationResult,
  at: { readonly step: number; readonly epoch: number; readonly model: EvaluatedModel },
): EvaluationRecord {
  return {
    ...at,
    set: set.name,
    kind: set.kind,
    count: result.count,
    metrics: { accuracy: result.accuracy, loss: result.loss },
    confusion: result.confusion,
    correct: base64(result.correct),
  };
}
