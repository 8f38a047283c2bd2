import type { Dataset, Sample } from "../data/dataset.ts";
import { createLoader } from "../data/loader.ts";
import { prepared } from "../data/prepared.ts";
import type { Answer } from "../tasks/task.ts";
import { rowOf } from "../tensor/tensor.ts";
import type { DeployedModel } from "./deployed-model.ts";

/** What a model says of one example. */
export interface Prediction extends Answer {
  /** Path of the image, or its place in a file. */
  readonly input: string;
}

/** Predictions for unlabelled examples, in their order. @param top how many of several answers each names */
export async function* predict(
  model: DeployedModel,
  inputs: Dataset,
  top: number,
): AsyncGenerator<Prediction, void, void> {
  const preprocessor = model.preprocessor(inputs.kind);
  const { dataset, take } = keepingLoaded(prepared(inputs, preprocessor));
  const loader = createLoader(dataset, {
    preprocessor,
    input: model.input,
    batchSize: model.batchSize,
    shuffle: false,
    seed: 0,
  });
  for await (const batch of loader.epoch(0)) {
    const output = await model.predict(batch);
    for (const [row, index] of batch.indices.entries()) {
      const said = { output: rowOf(output, row), sample: take(index), classes: model.labels ?? [] };
      yield { input: inputs.name(index), ...model.task.answer(said, top) };
    }
  }
}

/** A dataset that keeps what was loaded until it is taken: an answer is told beside its sample, which is decoded once. */
function keepingLoaded(dataset: Dataset): {
  readonly dataset: Dataset;
  readonly take: (index: number) => Sample;
} {
  const loaded = new Map<number, Sample>();
  return {
    dataset: {
      ...dataset,
      async load(index) {
        const sample = await dataset.load(index);
        loaded.set(index, sample);
        return sample;
      },
    },
    take(index) {
      const sample = loaded.get(index)!; // a batch is made of loaded samples
      loaded.delete(index);
      return sample;
    },
  };
}
