import type { Config } from "../config/schema.ts";
import { corrupted, isCorruptionSpec, parseCorruptionSpec } from "../data/corruptions/corrupt.ts";
import type { Dataset } from "../data/dataset.ts";
import { createLoader, type Loader } from "../data/loader.ts";
import { openDataset } from "../data/open-dataset.ts";
import { openSplits } from "../data/open-splits.ts";
import { cached, checkExamples, createSampleCache, prepared } from "../data/prepared.ts";
import type { Preprocessing } from "../data/preprocess/config.ts";
import { preprocessingFor } from "../data/preprocess/preprocessing-for.ts";
import { createPreprocessor } from "../data/preprocess/preprocessor.ts";
import { ConfigError } from "../errors.ts";
import type { Value } from "../onnx/value.ts";
import type { Files } from "../platform/files.ts";
import type { EvaluationSet } from "./evaluate.ts";
import type { TrainingEvent } from "./events.ts";

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
  /** Class order to keep: that of a classifier that stays. */
  readonly classes?: readonly string[];
  readonly onEvent: (event: TrainingEvent) => void;
}

/** Opens, checks and prepares every set of a run. @throws DataError, ConfigError */
export async function prepareData(options: PrepareDataOptions): Promise<RunData> {
  const { files, config, input, onEvent, classes } = options;
  const { dataset: settings, seed } = config;
  const open = {
    ...(settings.format === undefined ? {} : { format: settings.format }),
    ...(settings.labelColumn === undefined ? {} : { labelColumn: settings.labelColumn }),
    ...(settings.imageColumn === undefined ? {} : { imageColumn: settings.imageColumn }),
    ...(classes ? { classes } : {}),
  };
  const splits = await openSplits(files, config.data, {
    ...open,
    validationFraction: settings.validationFraction,
    seed,
    ...(config.validation === undefined ? {} : { validation: config.validation }),
    ...(config.test === undefined ? {} : { test: config.test }),
  });
  const names = splits.train.classes;
  if (names === null)
    throw new ConfigError(`${config.data}: labels are numbers; classification needs classes`);
  const preprocessing = choosePreprocessing(options, splits.train);
  const preprocessor = createPreprocessor(preprocessing);
  const cache = createSampleCache(settings.cacheMegabytes * 2 ** 20);
  const ready = async (name: string, dataset: Dataset): Promise<Dataset> =>
    checkExamples(cached(prepared(dataset, preprocessor), cache), {
      onBroken: settings.onBroken,
      onProgress: (done, total) => onEvent({ kind: "loading", set: name, done, total }),
    });

  const train = await ready("train", splits.train);
  const validation = await ready("validation", splits.validation);
  const test = splits.test && (await ready("test", splits.test));
  const judged: { name: string; kind: EvaluationSet["kind"]; dataset: Dataset }[] = [
    { name: "validation", kind: "validation", dataset: validation },
  ];
  if (test) judged.push({ name: "test", kind: "test", dataset: test });
  for (const [name, where] of Object.entries(config.shifts)) {
    checkSetName(name);
    const dataset = isCorruptionSpec(where)
      ? cached(corrupted(test ?? validation, parseCorruptionSpec(where), seed), cache)
      : await ready(name, await openDataset(files, where, { ...open, classes: names }));
    judged.push({ name, kind: "shift", dataset });
  }
  const common = { preprocessor, input: input.name, batchSize: config.batchSize, seed };
  const all = [train, ...judged.map((j) => j.dataset)];
  return {
    classes: names,
    preprocessing,
    exampleDims: preprocessor.dims,
    train: createLoader(train, {
      ...common,
      shuffle: true,
      augmentation: { ...config.augmentation, fill: "edge" },
    }),
    sets: judged.map(({ name, kind, dataset }) => ({
      name,
      kind,
      loader: createLoader(dataset, { ...common, shuffle: false }),
    })),
    notes: [...splits.notes, ...new Set(all.flatMap((d) => d.warnings))],
  };
}

function checkSetName(name: string): void {
  if (name !== "train" && name !== "validation" && name !== "test" && name !== "") return;
  throw new ConfigError(`shifts: "${name}" is a name of this run's own sets; choose another`);
}

/** What the model's own preprocessing says, with the user's overrides; without either, pixels in 0 … 1. */
function choosePreprocessing(options: PrepareDataOptions, train: Dataset): Preprocessing {
  const { config, input, preprocessor } = options;
  const dims = input.declared?.dims?.slice(1).map((d) => (typeof d === "number" && d > 0 ? d : null));
  if (!dims || input.declared?.dtype !== "float32") {
    throw new ConfigError(
      `model input "${input.name}" is no float32 tensor with a batch axis, so it takes no such examples`,
    );
  }
  const { size, ...overrides } = config.preprocess;
  return preprocessingFor(
    train.kind,
    { name: input.name, dims },
    {
      options: Object.fromEntries(Object.entries(overrides).filter(([, v]) => v !== undefined)),
      ...(preprocessor === null ? {} : { json: preprocessor }),
      ...(size === undefined ? {} : { size }),
    },
  );
}
