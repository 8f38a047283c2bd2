import type { Config } from "../config/schema.ts";
import { corrupted, parseCorruptionSpec } from "../data/corruptions/corrupt.ts";
import type { Dataset } from "../data/dataset.ts";
import { type Batch, createLoader } from "../data/loader.ts";
import type { OpenOptions } from "../data/open-dataset.ts";
import { cached, checkExamples, createSampleCache, prepared } from "../data/prepared.ts";
import { ConfigError, RunError } from "../errors.ts";
import { intervalsOf, type JudgedFigures } from "../evaluation/estimates.ts";
import type { Judgement } from "../evaluation/meter.ts";
import { headForms } from "../heads/new-head.ts";
import type { Files } from "../platform/files.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { judgeAnswers } from "./answer-records.ts";
import type { DeployedModel } from "./deployed-model.ts";
import { evaluateSet, requireWeights } from "./evaluate.ts";
import { type JudgedAnswer, judgeWriting } from "./judge-writing.ts";
import { type LabelledSource, openLabelled } from "./labelled-set.ts";
import { withoutUndefined } from "./plain.ts";

export interface EvaluateModelOptions extends OpenOptions {
  readonly files: Files;
  /** A labelled set; or `set` in its place. */
  readonly data?: string;
  /** A set of the model's run: train, validation, test, or a shifted one's name. */
  readonly set?: string;
  /** `fog:3`: judged on the set under this corruption. */
  readonly corruption?: string;
  /** Seeds the corruption. The run's if left out. */
  readonly seed?: number;
  /** How a model that writes does so, beside its run's settings. */
  readonly generation?: Partial<Config["generation"]>;
  readonly onProgress?: (done: number, total: number) => void;
  /** Told what is odd about the set, in sentences. */
  readonly onNote?: (note: string) => void;
}

/** What a model did on a set. */
export interface ModelEvaluation extends Omit<Judgement, "draws">, JudgedFigures {
  /** What a model that writes wrote, and whether it is right. */
  readonly answers?: readonly JudgedAnswer[];
  /** Its path, or the name of a run's set. */
  readonly data: string;
  /** In the order of the model's outputs; empty where its task knows no classes. */
  readonly classes: readonly string[];
}

/** What a model wrote when it was asked; null where its task writes nothing, or the set expects nothing. */
async function writingOf(
  model: DeployedModel,
  set: Dataset,
  { generation = {}, onProgress }: EvaluateModelOptions,
): Promise<readonly JudgedAnswer[] | null> {
  if (model.task.writes !== true) return null;
  const settings = model.generation(generation);
  return judgeWriting(model.writer(settings), set, settings, withoutUndefined({ onProgress }));
}

/**
 * Judges a model on a labelled set, read as its run reads data but for what the options say.
 *
 * Labels are matched to the model's classes by name; where the model tells none, the set's own classes are taken in
 * their order, if there are as many.
 *
 * @throws DataError for a class that the model does not have
 * @throws ConfigError if the number of classes differs, or the run has no such set
 */
export async function evaluateModel(
  model: DeployedModel,
  options: EvaluateModelOptions,
): Promise<ModelEvaluation> {
  const { files, data, set: setName, corruption, onProgress, onNote, generation: _, ...overrides } = options;
  const { task, settings } = model;
  const seed = options.seed ?? settings.seed ?? 0;
  const source = sourceOf({ data, set: setName });
  const name = source.data ?? source.set;
  const { dataset: opened, corruption: own } = await openLabelled(files, model, source, overrides);
  if (task.hasClasses && opened.classes === null)
    throw new ConfigError(`${name}: labels are numbers; task ${task.name} is judged on classes`);
  const names = opened.classes ?? [];
  const { preprocessor, notes } = await model.preprocessorFor(opened);
  const readable = await whole(prepared(opened, preprocessor), settings.dataset ?? {});
  for (const note of [...readable.warnings, ...notes]) onNote?.(note);
  const specs = [own, corruption && `corruption:${corruption}`].filter((spec) => spec !== undefined);
  const set = specs.reduce(
    (below, spec) => corrupted(below, parseCorruptionSpec(spec), { seed, preprocessor }),
    readable,
  );
  const weighted = settings.evaluation?.weighted ?? false;
  if (weighted) requireWeights([set]);
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
      `${model.path}: gives ${given} classes, ${name} has ${wanted}; a config.json with id2label beside the model would say which is which`,
    );
  };
  const judged = await evaluateSet(
    predictor,
    { loader, weighted },
    { task, classes: names, ...withoutUndefined({ onProgress }) },
  );
  if (!judged) throw new RunError("internal: an evaluation that nobody stops was stopped");
  const { draws: __, ...figures } = judged;
  const intervals = intervalsOf(judged);
  const evaluation = { data: name, classes: names, ...figures, intervals };
  const answers = await writingOf(model, set, options);
  if (!answers) return evaluation;
  const written = judgeAnswers(answers, { weighted });
  return {
    ...evaluation,
    ...{ asked: written.asked, correct: written.correct, answers },
    metrics: { ...written.metrics, ...judged.metrics },
    intervals: { ...written.intervals, ...intervals },
  };
}

function sourceOf({
  data,
  set,
}: {
  readonly data?: string | undefined;
  readonly set?: string | undefined;
}): LabelledSource {
  if (data !== undefined && set === undefined) return { data };
  if (set !== undefined && data === undefined) return { set };
  throw new ConfigError("a model is judged on the data at a path, or on a set of its run: say data or set");
}

/** The examples that can be decoded, where broken ones are to be left out. */
async function whole(
  set: Dataset,
  { onBroken, cacheMegabytes = 0 }: Partial<Config["dataset"]>,
): Promise<Dataset> {
  if (onBroken !== "skip") return set;
  return checkExamples(cached(set, createSampleCache(cacheMegabytes * 2 ** 20)), { onBroken });
}
