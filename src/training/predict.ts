import type { Config } from "../config/schema.ts";
import type { Dataset, Sample } from "../data/dataset.ts";
import { createLoader } from "../data/loader.ts";
import { prepared } from "../data/prepared.ts";
import type { Preprocessor } from "../data/preprocess/preprocessor.ts";
import type { Answer, Drawing } from "../tasks/task.ts";
import { rowOf } from "../tensor/tensor.ts";
import type { DeployedModel } from "./deployed-model.ts";
import { withoutUndefined } from "./plain.ts";
import { withStandIns } from "./stand-ins.ts";

/** What a model says of one example. */
export interface Prediction extends Answer {
  /** Path of the image, or its place in a file. */
  readonly input: string;
  /** The answer as pictures; of the size that the input has, where the model sees all of it. Absent where the task draws none. */
  readonly draw?: () => Promise<readonly Drawing[]>;
}

export interface PredictOptions {
  /** How a model that writes does so, beside its run's settings. */
  readonly generation?: Partial<Config["generation"]>;
  /** Told after each example. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told what is odd about the inputs, in sentences. */
  readonly onNote?: (note: string) => void;
}

/**
 * Predictions for unlabelled examples, in their order; of a task that ranks, one for each image and then each text once
 * all were seen. What cannot be read is an error, or is left out with a note where the settings say `onBroken: skip`.
 *
 * @param top how many of several answers each names
 */
export async function* predict(
  model: DeployedModel,
  inputs: Dataset,
  top: number,
  options: PredictOptions = {},
): AsyncGenerator<Prediction, void, void> {
  if (model.task.writes === true) {
    yield* write(model, inputs, options);
    return;
  }
  const { onProgress, onNote } = options;
  let done = 0;
  const ranking = model.task.ranking?.();
  const { preprocessor, notes } = await model.preprocessorFor(inputs);
  for (const note of notes) onNote?.(note);
  const ready = prepared(inputs, preprocessor);
  const skips = model.settings.dataset?.onBroken === "skip";
  const { dataset: whole, broken } = skips ? withStandIns(ready) : { dataset: ready, broken: new Map() };
  const { dataset, take } = keepingLoaded(whole);
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
      const sample = take(index);
      const why = broken.get(index);
      if (why !== undefined) {
        onNote?.(`${why}; left out`);
        onProgress?.(++done, inputs.length);
        continue;
      }
      const { tokenizer } = model;
      const said = { output: rowOf(output, row), sample, tokenizer, classes: model.labels ?? [] };
      const { task } = model;
      if (ranking) {
        ranking.add(said, inputs.name(index));
        onProgress?.(++done, inputs.length);
        continue;
      }
      const sized = async () => ({
        ...said,
        sample: seesAll(preprocessor) ? await inputs.load(index) : sample,
      });
      yield {
        input: inputs.name(index),
        ...task.answer(said, top),
        ...(task.draw ? { draw: async () => task.draw?.(await sized()) ?? [] } : {}),
      };
      onProgress?.(++done, inputs.length);
    }
  }
  if (ranking) yield* ranking.answers(top);
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

/** Whether nothing of an image is cut off on its way to the model. */
function seesAll({ config }: Preprocessor): boolean {
  return config.kind === "image" && config.crop === null;
}

/** What a language model writes behind each input. */
async function* write(
  model: DeployedModel,
  inputs: Dataset,
  { generation = {}, onProgress }: PredictOptions,
): AsyncGenerator<Prediction, void, void> {
  let i = 0;
  const written = model.writer(generation).write(inputs, withoutUndefined({ onProgress }));
  for await (const { text, score, ended, tokens } of written)
    yield {
      input: inputs.name(i++),
      fields: { text, score, ended, tokens },
      columns: [["text", text]],
    };
}
