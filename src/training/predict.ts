import type { Dataset } from "../data/dataset.ts";
import { createLoader } from "../data/loader.ts";
import { prepared } from "../data/prepared.ts";
import { softmax } from "../evaluation/metrics.ts";
import type { Classifier } from "./classifier.ts";

/** What a classifier says of one example. */
export interface ClassPrediction {
  /** Path of the image, or its place in an `.npz`. */
  readonly input: string;
  readonly class: string;
  readonly probability: number;
  /** By class, the most probable first. */
  readonly probabilities: readonly { readonly class: string; readonly probability: number }[];
}

/** Predictions for unlabelled examples, in their order. Classes without a name are called by their number. */
export async function* predict(
  classifier: Classifier,
  inputs: Dataset,
): AsyncGenerator<ClassPrediction, void, void> {
  const preprocessor = classifier.preprocessor(inputs.kind);
  const loader = createLoader(prepared(inputs, preprocessor), {
    preprocessor,
    input: classifier.input,
    batchSize: classifier.batchSize,
    shuffle: false,
    seed: 0,
  });
  for await (const batch of loader.epoch(0)) {
    const { logits, classes } = await classifier.logits(batch);
    for (const [row, index] of batch.indices.entries()) {
      const probabilities = softmax(logits, row * classes, classes)
        .map((probability, c) => ({ class: classifier.labels?.[c] ?? String(c), probability }))
        .sort((a, b) => b.probability - a.probability);
      const best = probabilities[0]!; // a classifier has a class at least
      yield { input: inputs.name(index), ...best, probabilities };
    }
  }
}
