import type { Dataset } from "../data/dataset.ts";
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
  const loader = createLoader(prepared(inputs, preprocessor), {
    preprocessor,
    input: model.input,
    batchSize: model.batchSize,
    shuffle: false,
    seed: 0,
  });
  for await (const batch of loader.epoch(0)) {
    const output = await model.predict(batch);
    for (const [row, index] of batch.indices.entries()) {
      const sample = await loader.dataset.load(index);
      const said = { output: rowOf(output, row), sample, classes: model.labels ?? [] };
      yield { input: inputs.name(index), ...model.task.answer(said, top) };
    }
  }
}
