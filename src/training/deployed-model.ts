import { parse as parseYaml } from "yaml";
import { generationSchema } from "../config/language-settings.ts";
import { overlay, type Settings } from "../config/overlay.ts";
import { parseConfig } from "../config/parse.ts";
import type { Config } from "../config/schema.ts";
import type { TaskName } from "../config/task-names.ts";
import type { Dataset, SampleKind } from "../data/dataset.ts";
import type { Batch } from "../data/loader.ts";
import type { ChatTemplate } from "../data/preprocess/chat-template.ts";
import { fittingTokenizer } from "../data/preprocess/fitting-tokenizer.ts";
import { type ModelInput, preprocessingFor } from "../data/preprocess/preprocessing-for.ts";
import { createPreprocessor, type Preprocessor } from "../data/preprocess/preprocessor.ts";
import type { Tokenizer } from "../data/preprocess/tokenizer.ts";
import { ConfigError, ModelError } from "../errors.ts";
import { logitsOf, type OutputKind } from "../heads/find-head.ts";
import { headForms } from "../heads/new-head.ts";
import type { Model } from "../onnx/model.ts";
import { fixedInputs } from "../passes/fix-inputs.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Session } from "../runtime/session.ts";
import { taskOf, tasks } from "../tasks/registry.ts";
import type { OutputReading, Task } from "../tasks/task.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fixBySettings, fixedSession } from "./fixed-session.ts";
import { fedInputs, modelInputs } from "./input-shapes.ts";
import { fixEmptyPast, vocabularyOf } from "./language-graph.ts";
import { contextLengthOf, imageTokensOf, type LanguageParts, openLanguage } from "./language-parts.ts";
import { loadSource } from "./model-parts.ts";
import { findModel, findRunModel, labelsOf, type ModelSource } from "./model-source.ts";
import { openSource } from "./parts-session.ts";
import { withoutUndefined } from "./plain.ts";
import { runInFloat32 } from "./run-in-float32.ts";
import { assumedRate } from "./sampling-rate.ts";
import { USUAL_LENGTH } from "./text-lengths.ts";
import { Writer } from "./writer.ts";

export interface DeployedModelOptions {
  readonly files: Files;
  readonly runtime: Runtime;
  /** Examples at a time, where the model leaves it open; 32, or 8 large ones, if left out. */
  readonly batchSize?: number;
  /** What the model does, where neither a run nor a config.json says it; classification if left out. */
  readonly task?: TaskName;
  /** Settings over those of the model's run, or over the defaults where it is no run's: nested, as in a file. */
  readonly settings?: Settings;
}

const BATCH_SIZE = 32;
/** Examples of more numbers than this come in smaller batches: no slower, and in half the memory. */
const LARGE = 2 ** 17;
const LARGE_BATCH_SIZE = 8;
/** A batch of texts is filled up to a multiple of this: few shapes, little filling. */
const LENGTH_STEP = 16;

/** A model as it lies on disk, ready to be judged and asked: a run's, or anybody's. */
export class DeployedModel {
  /** Path of the `.onnx` file. */
  readonly path: string;
  readonly task: Task;
  /** Class names in the order of the output, where the model's folder tells them. */
  readonly labels: readonly string[] | null;
  readonly batchSize: number;
  readonly input: string;
  private readonly inputs: readonly ModelInput[];
  /** What lies beside the model for texts. */
  readonly tokenizer: Tokenizer | null;
  private readonly outputs: readonly string[];
  private readonly combine: OutputReading["combine"];
  private readonly session: Session;
  private readonly source: ModelSource;
  /** Of its run, with what was given over them; what was given alone, where it is no run's. */
  readonly settings: Partial<Config>;
  private readonly chatTemplate: ChatTemplate | null;
  private readonly vocabulary: number | null;
  private readonly eos: readonly number[];

  private constructor(
    model: Model,
    session: Session,
    source: ModelSource,
    language: LanguageParts,
    settings: Partial<Config>,
    options: DeployedModelOptions & { readonly batchSize: number },
  ) {
    fixEmptyPast(model, 1);
    const { inputs, batchSize } = modelInputs(model);
    const named = settings.head?.output;
    const output = model.graph.outputs.find((v) => v.name === named) ?? model.graph.outputs[0];
    const [input] = inputs;
    if (!input || !output)
      throw new ModelError(
        `${source.path}: has ${inputs.length} inputs and ${model.graph.outputs.length} outputs`,
      );
    this.path = source.path;
    this.task = tasks[settings.task ?? options.task ?? taskOf(source.config)];
    this.labels = labelsOf(source.config);
    this.batchSize = batchSize ?? options.batchSize;
    this.input = input.name;
    this.inputs = inputs;
    this.chatTemplate = language.chatTemplate;
    this.eos = language.eos;
    this.vocabulary = vocabularyOf(model);
    this.tokenizer = language.tokenizer && fittingTokenizer(language.tokenizer, this.vocabulary);
    const kind = logitsOf(output).kind;
    const reading = this.task.answerOf?.(model) ?? {
      outputs: [output.name],
      combine: ([value]) => logitsFrom(value!, kind), // one for the one output
    };
    this.outputs = reading.outputs;
    this.combine = reading.combine;
    this.session = session;
    this.source = source;
    const { preprocess } = settings;
    // A finished model takes one text a row, whatever it was trained on.
    this.settings = preprocess ? { ...settings, preprocess: { ...preprocess, packing: false } } : settings;
  }

  /**
   * Opens the model of a run folder, with the run's preprocessing, or a model file or folder.
   *
   * @throws ModelError, ConfigError for what cannot be used
   */
  static async open(path: string, options: DeployedModelOptions): Promise<DeployedModel> {
    const { files, runtime, settings: over = {} } = options;
    const record = joinPath(path, "config.yaml");
    const isRun = await files.exists(record);
    const written: Settings = isRun ? parseYaml(await files.readText(record)) : {};
    const settings = someSettings(overlay(written, over), isRun ? record : "settings");
    const source = await (isRun ? findRunModel(files, path) : findModel(files, path));
    const model = await loadSource(files, source);
    // A batch of training is as large as gradients let it be, so a run's own size means nothing here.
    const batchSize =
      options.batchSize ?? ("batchSize" in over ? settings.batchSize : undefined) ?? usualBatch(model);
    fixBySettings(model, settings.fix ?? {}, batchSize);
    const opened = await openSource(source, { files, runtime });
    const session = fixedSession(opened, fixedInputs(model));
    const language = await openLanguage(files, source);
    return new DeployedModel(model, session, source, language, settings, { ...options, batchSize });
  }

  /**
   * What samples of a kind go through before they reach the model.
   *
   * @param usualRate Hz of sounds that the model knows, where nothing says it
   * @throws ConfigError if it takes no such samples
   */
  preprocessor(kind: SampleKind, usualRate?: number): Preprocessor {
    const {
      size,
      samplingRate,
      maxLength,
      buckets: _,
      packing: __,
      ...rest
    } = this.settings.preprocess ?? {};
    const json = this.source.preprocessor ?? undefined;
    // A preprocessor_config.json that a run wrote has the size in it already.
    const isFree = this.inputs.some((input) => input.dims.includes(null));
    const config = preprocessingFor(kind, this.inputs, {
      options: withoutUndefined(rest),
      ...(json ? { json } : {}),
      ...(size && isFree ? { size } : {}),
      ...withoutUndefined({ maxLength, samplingRate, usualRate }),
      usualLength: this.tokenizer?.maxLength ?? USUAL_LENGTH,
      lengthStep: LENGTH_STEP,
    });
    const base = createPreprocessor(config, this.tokenizer);
    const { tokenizer, chatTemplate, vocabulary, settings, labels, task } = this;
    const imageTokens = imageTokensOf(this.source);
    const context = { tokenizer, chatTemplate, vocabulary, imageTokens, settings, classes: labels ?? [] };
    return task.preprocessor?.(base, context) ?? base;
  }

  /** What a dataset's samples go through, and what is odd about it, in sentences. @throws ConfigError as `preprocessor` does */
  async preprocessorFor(
    dataset: Dataset,
  ): Promise<{ readonly preprocessor: Preprocessor; readonly notes: readonly string[] }> {
    const { usualRate, notes } = await assumedRate(dataset, this.source, this.settings.preprocess ?? {});
    return { preprocessor: this.preprocessor(dataset.kind, usualRate), notes };
  }

  /** How the model writes: as its run's settings say, but for what is given. */
  generation(overrides: Partial<Config["generation"]>): Config["generation"] {
    return generationSchema.parse({ ...this.settings.generation, ...overrides });
  }

  /**
   * The model as one that writes.
   *
   * @param overrides of how it writes, beside the run's own settings
   * @throws ConfigError, ModelError if it has no tokenizer or is no decoder
   */
  writer(overrides: Partial<Config["generation"]> = {}): Writer {
    const generation = this.generation(overrides);
    const { session, tokenizer, settings, eos, source, task } = this;
    if (!tokenizer)
      throw new ConfigError(`${source.folder}: a model that writes needs its tokenizer.json beside it`);
    const prompt = this.preprocessor(task.samples[0]!).prompt; // a task takes one kind at least
    if (!prompt) throw new ConfigError(`${this.path}: task ${task.name} does not write`);
    return new Writer({
      session,
      name: this.path,
      tokenizer,
      promptOf: (sample) => prompt(sample),
      eos,
      contextLength: contextLengthOf(source.config) ?? tokenizer.maxLength,
      settings: generation,
      seed: settings.seed ?? 0,
    });
  }

  /**
   * What the model says of a batch, float32 [B, …]; one that gives probabilities is taken back to logits, up to a constant.
   *
   * @throws ConfigError if the output is not of the rank that the task's answers have
   */
  async predict(batch: Batch): Promise<Tensor<"float32">> {
    const found = await runInFloat32(this.session, batch.inputs, this.outputs);
    const { head, name } = this.task;
    const rank = head === null ? undefined : headForms[head].rank;
    const values = this.outputs.map((output) => {
      const value = found.get(output);
      const fits = value?.dims[0] === this.batchSize && (rank === undefined || value.dims.length === rank);
      if (value?.dtype === "float32" && fits) return value as Tensor<"float32">; // as was just checked
      throw new ConfigError(
        `${this.path}: output "${output}" is ${value?.dtype} [${value?.dims.join(", ")}]; task ${name} expects float32 of rank ${rank ?? "2 or more"} for a batch of ${this.batchSize}`,
      );
    });
    return this.combine(values);
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

function usualBatch(model: Model): number {
  const numbers = fedInputs(model).map(({ declared }) =>
    (declared?.dims ?? []).slice(1).reduce<number>((n, d) => n * (typeof d === "number" && d > 0 ? d : 1), 1),
  );
  return Math.max(...numbers, 1) > LARGE ? LARGE_BATCH_SIZE : BATCH_SIZE;
}

/**
 * Settings of which a run's required ones may be missing; what is not there has no default either.
 *
 * @throws ConfigError as `parseConfig` does
 */
function someSettings(given: Settings, source: string): Partial<Config> {
  const whole = parseConfig({ model: "", data: "", out: "", ...given }, source);
  return Object.fromEntries(Object.entries(whole).filter(([key]) => key in given));
}

/** The logits behind what an output of a kind gives; each row up to a constant, which no softmax sees. */
function logitsFrom(output: Tensor<"float32">, kind: OutputKind): Tensor<"float32"> {
  if (kind === "softmax") return { ...output, data: output.data.map(Math.log) };
  return kind === "sigmoid" ? { ...output, data: output.data.map((p) => Math.log(p / (1 - p))) } : output;
}
