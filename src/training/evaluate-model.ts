import type { Config } from "../config/schema.ts";
import { corrupted, parseCorruptionSpec } from "../data/corruptions/corrupt.ts";
import type { Dataset } from "../data/dataset.ts";
import { type Batch, createLoader } from "../data/loader.ts";
import { type OpenOptions, openDataset } from "../data/open-dataset.ts";
import { prepared } from "../data/prepared.ts";
import { ConfigError, RunError } from "../errors.ts";
import type { Judgement } from "../evaluation/meter.ts";
import { headForms } from "../heads/new-head.ts";
import type { Files } from "../platform/files.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { DeployedModel } from "./deployed-model.ts";
import { evaluateSet } from "./evaluate.ts";
import { type JudgedAnswer, judgeWriting } from "./judge-writing.ts";
import { withoutUndefined } from "./plain.ts";

export interface EvaluateModelOptions extends OpenOptions {
  readonly files: Files;
  /** A labelled set. */
  readonly data: string;
  /** `fog:3`: judged on the set under this corruption. */
  readonly corruption?: string;
  /** Seeds the corruption. Default 0. */
  readonly seed?: number;
  /** How a model that writes does so, beside its run's settings. */
  readonly generation?: Partial<Config["generation"]>;
  readonly onProgress?: (done: number, total: number) => void;
}

/** What a model did on a set. */
export interface ModelEvaluation extends Judgement {
  /** What a model that writes wrote, and whether it is right. */
  readonly answers?: readonly JudgedAnswer[];
  readonly data: string;
  /** In the order of the model's outputs; empty where its task knows no classes. */
  readonly classes: readonly string[];
}

/** What is known beside of a model that writes: the share of its answers that are right. */
async function writingOf(
  model: DeployedModel,
  set: Dataset,
  { generation = {}, onProgress }: EvaluateModelOptions,
): Promise<Pick<ModelEvaluation, "answers">> {
  if (model.task.writes !== true) return {};
  const settings = model.generation(generation);
  const answers = await judgeWriting(model.writer(settings), set, settings, withoutUndefined({ onProgress }));
  return answers ? { answers } : {};
}

/**
 * Judges a model on a labelled set.
 *
 * Labels are matched to the model's classes by name; where the model tells none, the set's own classes are taken in
 * their order, if there are as many.
 *
 * @throws DataError for a class that the model does not have
 * @throws ConfigError if the number of classes differs
 */
export async function evaluateModel(
  model: DeployedModel,
  options: EvaluateModelOptions,
): Promise<ModelEvaluation> {
  const { files, data, corruption, seed = 0, onProgress } = options;
  const { task } = model;
  const labels = task.hasClasses ? model.labels : null;
  const opened = await openDataset(files, data, {
    ...options,
    labelling: task.labelling,
    ...(labels ? { classes: labels } : {}),
  });
  if (task.hasClasses && opened.classes === null)
    throw new ConfigError(`${data}: labels are numbers; task ${task.name} is judged on classes`);
  const names = opened.classes ?? [];
  const preprocessor = model.preprocessor(opened.kind);
  const plain = prepared(opened, preprocessor);
  const set =
    corruption === undefined
      ? plain
      : corrupted(plain, parseCorruptionSpec(`corruption:${corruption}`), { seed, preprocessor });
  const loader = createLoader(set, {
    preprocessor,
    input: model.input,
    batchSize: model.batchSize,
    shuffle: false,
    seed,
  });
  const predictor = {
    predict: async (batch: Batch) => withClasses(await model.predict(batch), names.length),
  };
  const withClasses = (output: Tensor<"float32">, wanted: number) => {
    const given = task.head === null ? wanted : output.dims[headForms[task.head].axis];
    if (!task.hasClasses || given === wanted) return output;
    throw new ConfigError(
      `${model.path}: gives ${given} classes, ${data} has ${wanted}; a config.json with id2label beside the model would say which is which`,
    );
  };
  const judged = await evaluateSet(
    predictor,
    { loader },
    { task, classes: names, ...withoutUndefined({ onProgress }) },
  );
  if (!judged) throw new RunError("internal: an evaluation that nobody stops was stopped");
  return { data, classes: names, ...judged, ...(await writingOf(model, set, options)) };
}
