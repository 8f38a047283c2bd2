import type { Config } from "../config/schema.ts";
import type { Dataset, Labelling, SampleKind } from "../data/dataset.ts";
import { createLoader, type Loader, targetsOf } from "../data/loader.ts";
import type { Splits } from "../data/open-splits.ts";
import { prepareSets } from "../data/prepare-sets.ts";
import { openChatTemplate } from "../data/preprocess/chat-template.ts";
import type { Preprocessing, TextPreprocessing } from "../data/preprocess/config.ts";
import { fittingTokenizer } from "../data/preprocess/fitting-tokenizer.ts";
import { preprocessingFor } from "../data/preprocess/preprocessing-for.ts";
import { createPreprocessor, type Preprocessor } from "../data/preprocess/preprocessor.ts";
import { openTokenizer, type Tokenizer } from "../data/preprocess/tokenizer.ts";
import { evenly, mapClasses, subset } from "../data/views.ts";
import { ConfigError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { Files } from "../platform/files.ts";
import type { SetKind } from "../run/records.ts";
import type { Task } from "../tasks/task.ts";
import type { Shape } from "../tensor/shape.ts";
import { type EvaluationSet, requireWeights } from "./evaluate.ts";
import type { TrainingEvent } from "./events.ts";
import { fedInputs, modelInputs } from "./input-shapes.ts";
import { fixEmptyPast, vocabularyOf } from "./language-graph.ts";
import { imageTokensOf } from "./language-parts.ts";
import type { ModelSource } from "./model-source.ts";
import { packTraining } from "./packing.ts";
import { withoutUndefined } from "./plain.ts";
import { preparationIdentity } from "./preparation-identity.ts";
import { openRunSplits, readingOf } from "./reading.ts";
import { assumedRate } from "./sampling-rate.ts";
import { askedLength, chooseLengths, lengthBucket, USUAL_LENGTH } from "./text-lengths.ts";
import type { BatchShapes } from "./training-graphs.ts";

/** The data of a run, ready to be fed. */
export interface RunData {
  /** Class names in the order of the model's outputs. */
  readonly classes: readonly string[];
  /** Answers that a head gives, for each of what the task answers for. */
  readonly width: number;
  readonly preprocessing: Preprocessing;
  /** The model's, for texts. */
  readonly tokenizer: Tokenizer | null;
  /** Shape of a batch as each input of the model takes it, by name; of the largest for training, where there are several. */
  readonly inputShapes: BatchShapes;
  /** Every shape that batches come in, `inputShapes` first. */
  readonly shapes: readonly BatchShapes[];
  /** Shape of the targets of one example, without the batch axis. */
  readonly targetDims: Shape;
  readonly train: Loader;
  readonly sets: readonly EvaluationSet[];
  /** The shifted sets with every shorthand written out, as the run records them. */
  readonly shifts: Readonly<Record<string, string>>;
  /** One row of several training texts, and each of them alone; null where rows hold one text. */
  readonly packingTrial: { readonly row: Loader; readonly alone: readonly Loader[] } | null;
  /** Sentences for the console: how sets came about, and what is odd about them. */
  readonly notes: readonly string[];
}

export interface PrepareDataOptions {
  readonly files: Files;
  readonly config: Config;
  readonly task: Task;
  readonly model: Model;
  readonly source: ModelSource;
  /** Class names of the model's own classifier, in the order of its outputs; null where it says none. */
  readonly labels: readonly string[] | null;
  readonly onEvent: (event: TrainingEvent) => void;
}

/** Opens, checks and prepares every set of a run. @throws DataError, ConfigError */
export async function prepareData(options: PrepareDataOptions): Promise<RunData> {
  const { files, config, task, onEvent } = options;
  fixEmptyPast(options.model, config.batchSize);
  const { seed } = config;
  const { onBroken, cacheMegabytes, cacheFolder } = config.dataset;
  const opened = await openRunSplits(files, task, config);
  const splits = inModelOrder(opened, options);
  const classes = splits.train.classes ?? [];
  checkData(task, splits.train);
  const { preprocessing, tokenizer, create, notes } = await choosePreprocessor(options, splits.train);
  const whole = create(preprocessing);
  const sets = await prepareSets(files, splits, {
    preprocessor: whole,
    shifts: config.shifts,
    open: readingOf(task, config.dataset),
    seed,
    onBroken,
    cacheBytes: cacheMegabytes * 2 ** 20,
    ...(cacheFolder === undefined
      ? {}
      : {
          shelf: { folder: cacheFolder, identity: await preparationIdentity(options, whole.config, classes) },
        }),
    onProgress: (set, done, total) => onEvent({ kind: "loading", set, done, total }),
  });
  const judgedSets = [
    sets.validation,
    ...(sets.test ? [sets.test] : []),
    ...sets.shifts.map((s) => s.dataset),
  ];
  const texts = textsOf(whole.config);
  if (config.evaluation.weighted) requireWeights(judgedSets);
  const packing = packTraining(sets.train, whole.config, { config, task });
  const training = packing?.dataset ?? sets.train;
  const lengths =
    texts &&
    chooseLengths({ train: training, judged: judgedSets }, texts, {
      buckets: config.preprocess.buckets,
      batchSize: config.batchSize,
    });
  const preprocessor = lengths ? create(withTexts(whole.config, lengths.config)) : whole;
  const input = fedInputs(options.model)[0]?.name ?? ""; // a model without inputs takes no samples, as was said above
  const common = { preprocessor, input, batchSize: config.batchSize, seed };
  const most = config.evaluation.examples ?? Number.POSITIVE_INFINITY;
  const judged = (name: string, kind: SetKind, dataset: Dataset): EvaluationSet => {
    const all = evenly(dataset, most);
    const inOrder = { ...common, shuffle: false };
    const alike = lengths ? { bucketOf: lengthBucket(all, lengths.all) } : {};
    return {
      name,
      kind,
      loader: createLoader(all, { ...inOrder, ...alike }),
      weighted: config.evaluation.weighted,
      pick: (indices) => createLoader(subset(all, indices), inOrder),
    };
  };
  const buffer = preprocessor.buffer(input, config.batchSize);
  const pixels =
    preprocessing.kind === "image-text"
      ? [...buffer.inputs(0)].filter(([name]) => name === preprocessing.pixels)
      : [];
  const shapesOf = (length: number): BatchShapes =>
    new Map([
      ...fedInputs(options.model).map(({ name }) => [name, [config.batchSize, length]] as const),
      ...pixels.map(([name, { dims }]) => [name, dims] as const),
    ]);
  const longest = lengths?.training.at(-1);
  const shapes =
    longest === undefined
      ? [new Map([...buffer.inputs(0)].map(([name, { dims }]) => [name, dims]))]
      : [longest, ...(lengths?.all ?? []).filter((l) => l !== longest)].map(shapesOf);
  return {
    classes,
    width: task.width(sets.train),
    preprocessing: preprocessor.config,
    tokenizer,
    inputShapes: shapes[0]!, // there is one at least
    shapes,
    targetDims: targetsOf(training, [], config.batchSize, buffer).dims.slice(1),
    train: createLoader(training, {
      ...common,
      shuffle: true,
      ...(lengths ? { bucketOf: lengthBucket(training, lengths.training) } : {}),
      augmentation: config.augmentation,
    }),
    sets: [
      judged("validation", "validation", sets.validation),
      ...(sets.test ? [judged("test", "test", sets.test)] : []),
      ...sets.shifts.map(({ name, dataset }) => judged(name, "shift", dataset)),
    ],
    shifts: Object.fromEntries(sets.shifts.map(({ name, shift }) => [name, shift])),
    packingTrial: packing?.trial
      ? {
          row: createLoader(packing.trial.row, { ...common, shuffle: false }),
          alone: packing.trial.alone.map((one) => createLoader(one, { ...common, shuffle: false })),
        }
      : null,
    notes: [
      ...splits.notes,
      ...(packing ? [packing.note] : []),
      ...notes,
      ...(lengths ? [lengths.note] : []),
      ...sets.warnings,
    ],
  };
}

/** What feeds texts, alone or beside images. */
function textsOf(config: Preprocessing): TextPreprocessing | null {
  if (config.kind === "text") return config;
  return config.kind === "image-text" ? config.text : null;
}

function withTexts(config: Preprocessing, text: TextPreprocessing): Preprocessing {
  return config.kind === "image-text" ? { ...config, text } : text;
}

/**
 * The splits with the classes in the order of the model's outputs, where its classifier stays: asked for, or because the
 * data has none but its classes.
 */
function inModelOrder(splits: Splits, { config, labels }: PrepareDataOptions): Splits {
  const { mode, from } = config.head;
  if (labels === null || mode === "new" || mode === "zero-shot" || from !== undefined) return splits;
  const known = new Set(labels);
  if (mode === "auto" && !splits.train.classes?.every((name) => known.has(name))) return splits;
  return {
    ...splits,
    train: mapClasses(splits.train, labels),
    validation: mapClasses(splits.validation, labels),
    test: splits.test && mapClasses(splits.test, labels),
  };
}

async function choosePreprocessor(
  { files, config, task, model, source }: PrepareDataOptions,
  train: Dataset,
): Promise<{
  readonly preprocessing: Preprocessing;
  readonly tokenizer: Tokenizer | null;
  readonly create: (preprocessing: Preprocessing) => Preprocessor;
  /** What is odd about the data, in sentences. */
  readonly notes: readonly string[];
}> {
  const { inputs } = modelInputs(model);
  const { size, samplingRate, maxLength: _, buckets: __, packing: ___, ...overrides } = config.preprocess;
  const hasText = ["text", "dialogue", "image-text"].includes(train.kind);
  const vocabulary = vocabularyOf(model);
  const own = hasText ? await openTokenizer(files, source.folder) : null;
  const tokenizer = own && fittingTokenizer(own, vocabulary);
  if (hasText && !tokenizer) {
    throw new ConfigError(
      `${source.folder}: texts need the model's tokenizer; put its tokenizer.json (and tokenizer_config.json) there`,
    );
  }
  const maxLength = tokenizer ? askedLength(config.preprocess, tokenizer) : undefined;
  const { usualRate, notes } = await assumedRate(train, source, { samplingRate });
  const preprocessing = preprocessingFor(train.kind, inputs, {
    ...(source.preprocessor === null ? {} : { json: source.preprocessor }),
    options: withoutUndefined(overrides),
    ...(size ? { size } : {}),
    ...withoutUndefined({ maxLength, samplingRate, usualRate }),
    usualLength: tokenizer?.maxLength ?? USUAL_LENGTH,
    lengthStep: 1,
  });
  const context = {
    tokenizer,
    chatTemplate: await openChatTemplate(files, source.folder),
    vocabulary,
    imageTokens: imageTokensOf(source),
    classes: train.classes ?? [],
    settings: config,
  };
  const create = (settled: Preprocessing) => {
    const base = createPreprocessor(settled, tokenizer);
    return task.preprocessor?.(base, context) ?? base;
  };
  return { preprocessing, tokenizer, create, notes };
}

/** Where examples of a kind come from that is more than the data itself, for messages. */
const READ_FROM: Readonly<Partial<Record<SampleKind, string>>> = {
  "image-text":
    ", a table with a column of images (dataset.imageColumn) and one of captions (dataset.textColumn) or questions (dataset.promptColumn)",
};

/** What examples are labelled with, for messages. */
const TARGETS: Readonly<Record<Labelling, string>> = {
  class: "one class each",
  classes: "several classes each",
  numbers: "numbers",
  sample: "targets of their own, such as masks",
};

/** @throws ConfigError if the task takes no such samples or labels */
function checkData(task: Task, { source, format, kind, labelling, classes }: Dataset): void {
  if (!task.samples.includes(kind)) {
    throw new ConfigError(
      `${source}: holds samples of kind ${kind}; task ${task.name} takes ${task.samples.map((s) => s + (READ_FROM[s] ?? "")).join(", ")}`,
    );
  }
  if (labelling !== task.labelling) {
    throw new ConfigError(
      `${source}: was read as ${format}, whose examples have ${TARGETS[labelling]}; task ${task.name} learns from ${TARGETS[task.labelling]}`,
    );
  }
  if (task.hasClasses && classes === null)
    throw new ConfigError(`${source}: labels are numbers; task ${task.name} needs classes`);
}
