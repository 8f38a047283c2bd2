import { corrupted, parseCorruptionSpec } from "../data/corruptions/corrupt.ts";
import { createLoader } from "../data/loader.ts";
import { type OpenOptions, openDataset } from "../data/open-dataset.ts";
import { prepared } from "../data/prepared.ts";
import { ConfigError } from "../errors.ts";
import { ClassificationMeter, type ClassificationResult } from "../evaluation/metrics.ts";
import type { Files } from "../platform/files.ts";
import type { Classifier } from "./classifier.ts";

export interface EvaluateModelOptions extends OpenOptions {
  readonly files: Files;
  /** A labelled set. */
  readonly data: string;
  /** `fog:3`: judged on the set under this corruption. */
  readonly corruption?: string;
  /** Seeds the corruption. Default 0. */
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** What a classifier did on a set. */
export interface ModelEvaluation extends ClassificationResult {
  readonly data: string;
  readonly classes: readonly string[];
}

/**
 * Judges a classifier on a labelled set.
 *
 * Labels are matched to the model's classes by name; where the model tells none, the set's own classes are taken in
 * their order, if there are as many.
 *
 * @throws DataError for a class that the model does not have
 * @throws ConfigError if the number of classes differs
 */
export async function evaluateModel(
  classifier: Classifier,
  options: EvaluateModelOptions,
): Promise<ModelEvaluation> {
  const { files, data, corruption, seed = 0, onProgress } = options;
  const labels = classifier.labels;
  const opened = await openDataset(files, data, labels ? { ...options, classes: labels } : options);
  const names = opened.classes;
  if (names === null) throw new ConfigError(`${data}: labels are numbers; a classifier is judged on classes`);
  const preprocessor = classifier.preprocessor(opened.kind);
  const plain = prepared(opened, preprocessor);
  const set =
    corruption === undefined
      ? plain
      : corrupted(plain, parseCorruptionSpec(`corruption:${corruption}`), seed);
  const loader = createLoader(set, {
    preprocessor,
    input: classifier.input,
    batchSize: classifier.batchSize,
    shuffle: false,
    seed,
  });
  const meter = new ClassificationMeter(names.length);
  let done = 0;
  for await (const batch of loader.epoch(0)) {
    const { logits, classes } = await classifier.logits(batch);
    if (classes !== names.length) {
      throw new ConfigError(
        `${classifier.path}: gives ${classes} classes, ${data} has ${names.length}; a config.json with id2label beside the model would say which is which`,
      );
    }
    meter.add(
      logits,
      batch.indices.map((i) => set.label(i)),
    );
    done += batch.count;
    onProgress?.(done, set.length);
  }
  return { data, classes: names, ...meter.result() };
}
