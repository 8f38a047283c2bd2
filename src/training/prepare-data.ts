import type { Config } from "../config/schema.ts";
import type { Dataset } from "../data/dataset.ts";
import { createLoader, type Loader } from "../data/loader.ts";
import type { OpenOptions } from "../data/open-dataset.ts";
import { openSplits, type Splits } from "../data/open-splits.ts";
import { prepareSets } from "../data/prepare-sets.ts";
import type { Preprocessing } from "../data/preprocess/config.ts";
import { preprocessingFor } from "../data/preprocess/preprocessing-for.ts";
import { createPreprocessor } from "../data/preprocess/preprocessor.ts";
import { evenly, mapClasses } from "../data/views.ts";
import { ConfigError } from "../errors.ts";
import type { Value } from "../onnx/value.ts";
import { widened } from "../passes/half-precision.ts";
import type { Files } from "../platform/files.ts";
import type { SetKind } from "../run/records.ts";
import type { EvaluationSet } from "./evaluate.ts";
import type { TrainingEvent } from "./events.ts";
import { withoutUndefined } from "./plain.ts";

/** The data of a run, ready to be fed. */
export interface RunData {
  /** Class names in the order of the model's outputs. */
  readonly classes: readonly string[];
  readonly preprocessing: Preprocessing;
  /** Shape of one example as the model takes it, without the batch axis. */
  readonly exampleDims: readonly number[];
  readonly train: Loader;
  readonly sets: readonly EvaluationSet[];
  /** Sentences for the console: how sets came about, and what is odd about them. */
  readonly notes: readonly string[];
}

export interface PrepareDataOptions {
  readonly files: Files;
  readonly config: Config;
  /** The model input that the examples go to. */
  readonly input: Value;
  /** Content of the model's `preprocessor_config.json`, or null. */
  readonly preprocessor: unknown;
  /** Class names of the model's own classifier, in the order of its outputs; null where it says none. */
  readonly labels: readonly string[] | null;
  readonly onEvent: (event: TrainingEvent) => void;
}

/** Opens, checks and prepares every set of a run. @throws DataError, ConfigError */
export async function prepareData(options: PrepareDataOptions): Promise<RunData> {
  const { files, config, onEvent } = options;
  const { seed, dataset: settings } = config;
  const open: OpenOptions = withoutUndefined({
    format: settings.format,
    labelColumn: settings.labelColumn,
    imageColumn: settings.imageColumn,
  });
  const opened = await openSplits(files, config.data, {
    ...open,
    validationFraction: settings.validationFraction,
    seed,
    ...withoutUndefined({ validation: config.validation, test: config.test }),
  });
  const splits = inModelOrder(opened, options);
  const { classes } = splits.train;
  if (classes === null)
    throw new ConfigError(`${config.data}: labels are numbers; classification needs classes`);
  const preprocessing = choosePreprocessing(options, splits.train);
  const preprocessor = createPreprocessor(preprocessing);
  const sets = await prepareSets(files, splits, {
    preprocessor,
    shifts: config.shifts,
    open,
    seed,
    onBroken: settings.onBroken,
    cacheBytes: settings.cacheMegabytes * 2 ** 20,
    onProgress: (set, done, total) => onEvent({ kind: "loading", set, done, total }),
  });
  const common = { preprocessor, input: options.input.name, batchSize: config.batchSize, seed };
  const most = config.evaluation.examples ?? Number.POSITIVE_INFINITY;
  const judged = (name: string, kind: SetKind, dataset: Dataset): EvaluationSet => {
    return { name, kind, loader: createLoader(evenly(dataset, most), { ...common, shuffle: false }) };
  };
  return {
    classes,
    preprocessing,
    exampleDims: preprocessor.dims,
    train: createLoader(sets.train, {
      ...common,
      shuffle: true,
      augmentation: { ...config.augmentation, fill: "edge" },
    }),
    sets: [
      judged("validation", "validation", sets.validation),
      ...(sets.test ? [judged("test", "test", sets.test)] : []),
      ...sets.shifts.map(({ name, dataset }) => judged(name, "shift", dataset)),
    ],
    notes: [...splits.notes, ...sets.warnings],
  };
}

/**
 * The splits with the classes in the order of the model's outputs, where its classifier stays: asked for, or because the
 * data has none but its classes.
 */
function inModelOrder(splits: Splits, { config, labels }: PrepareDataOptions): Splits {
  const { mode, from } = config.head;
  if (labels === null || mode === "new" || from !== undefined) return splits;
  const known = new Set(labels);
  if (mode === "auto" && !splits.train.classes?.every((name) => known.has(name))) return splits;
  return {
    ...splits,
    train: mapClasses(splits.train, labels),
    validation: mapClasses(splits.validation, labels),
    test: splits.test && mapClasses(splits.test, labels),
  };
}

function choosePreprocessing(options: PrepareDataOptions, train: Dataset): Preprocessing {
  const { config, input, preprocessor } = options;
  const declared = input.declared;
  if (!declared || widened(declared.dtype) !== "float32" || declared.dims === null) {
    throw new ConfigError(
      `model input "${input.name}" is no tensor of float32 or float16 with a batch axis, so it takes no such examples`,
    );
  }
  const dims = declared.dims.slice(1).map((d) => (typeof d === "number" && d > 0 ? d : null));
  const { size, ...overrides } = config.preprocess;
  return preprocessingFor(
    train.kind,
    { name: input.name, dims },
    {
      ...(preprocessor === null ? {} : { json: preprocessor }),
      options: withoutUndefined(overrides),
      ...(size ? { size } : {}),
    },
  );
}
