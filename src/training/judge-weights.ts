import { parse as parseYaml } from "yaml";
import { parseConfig } from "../config/parse.ts";
import type { Config } from "../config/schema.ts";
import { RunError } from "../errors.ts";
import { intervalsOf } from "../evaluation/estimates.ts";
import type { Model } from "../onnx/model.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { base64 } from "../run/bits.ts";
import type { RunSummary, SetSummary } from "../run/records.ts";
import { readRun } from "../run/run-reader.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { tasks } from "../tasks/registry.ts";
import { withAnswers } from "./answer-records.ts";
import { copyCompanions } from "./companions.ts";
import { DeployedModel } from "./deployed-model.ts";
import { type EvaluationSet, evaluateSet } from "./evaluate.ts";
import type { TrainingEvent } from "./events.ts";
import { fixBySettings } from "./fixed-session.ts";
import { modelInputs } from "./input-shapes.ts";
import { judgeWriting } from "./judge-writing.ts";
import { loadSource, saveSource } from "./model-parts.ts";
import { findRunModel, type ModelSource } from "./model-source.ts";
import { prepareData } from "./prepare-data.ts";

export interface JudgeOptions {
  readonly files: Files;
  readonly runtime: Runtime;
  readonly onEvent?: (event: TrainingEvent) => void;
}

/** A finished run whose model can be given other weights, and judged with them on all of the run's sets. */
export class RunJudge {
  readonly config: Config;
  readonly summary: RunSummary;
  /** The run's exported model, to be changed at will. */
  readonly model: Model;
  private readonly options: JudgeOptions;
  private readonly source: ModelSource;
  private readonly sets: readonly EvaluationSet[];

  private constructor(
    run: { source: ModelSource; config: Config; summary: RunSummary },
    model: Model,
    sets: readonly EvaluationSet[],
    options: JudgeOptions,
  ) {
    this.source = run.source;
    this.config = run.config;
    this.summary = run.summary;
    this.model = model;
    this.sets = sets;
    this.options = options;
  }

  /** @throws DataError, ModelError if the run has no model yet, or its data is gone */
  static async open(folder: string, options: JudgeOptions): Promise<RunJudge> {
    const { files, onEvent = () => undefined } = options;
    const { summary, configText } = await readRun(files, folder);
    const config = parseConfig(parseYaml(configText), joinPath(folder, "config.yaml"));
    const source = await findRunModel(files, folder);
    const model = await loadSource(files, source);
    fixBySettings(model, config.fix, config.batchSize);
    const batchSize = modelInputs(model).batchSize ?? config.batchSize;
    const task = tasks[config.task];
    const head = { ...config.head, mode: "keep", from: undefined } as const;
    const data = await prepareData({
      files,
      config: { ...config, batchSize, head },
      task,
      model,
      source,
      labels: task.hasClasses ? summary.classes : null,
      onEvent,
    });
    return new RunJudge({ source, config, summary }, model, data.sets, options);
  }

  /**
   * Writes the model as it is now to a folder like the run's `model/`.
   *
   * @returns path of the `.onnx` file
   */
  async write(folder: string): Promise<string> {
    const { files } = this.options;
    await copyCompanions(files, { from: this.source.folder, to: folder });
    return (await saveSource(this.model, folder, { files, from: this.source })).path;
  }

  /** Judges a model folder that `write` made. @param kinds sets to judge on; all of the run's if left out */
  async judge(folder: string, kinds?: readonly EvaluationSet["kind"][]): Promise<SetSummary[]> {
    const { files, runtime, onEvent = () => undefined } = this.options;
    const settings = { ...this.config };
    const model = await DeployedModel.open(folder, { files, runtime, settings });
    try {
      const author = model.task.writes === true ? model.writer() : null;
      const judged: SetSummary[] = [];
      for (const set of this.sets) {
        if (kinds && !kinds.includes(set.kind)) continue;
        const onProgress = (done: number, total: number) =>
          onEvent({ kind: "evaluating", set: set.name, done, total });
        const { classes } = this.summary;
        const result = await evaluateSet(model, set, { task: model.task, classes, onProgress });
        if (!result) throw new RunError("internal: an evaluation that nobody stops was stopped");
        const { count, metrics, correct } = result;
        const { name, kind } = set;
        const hits = correct ? { correct: base64(correct) } : {};
        const record = { set: name, kind, count, metrics, intervals: intervalsOf(result), ...hits };
        const answers =
          author && (await judgeWriting(author, set.loader.dataset, model.generation({}), { onProgress }));
        judged.push(answers ? withAnswers<SetSummary>(record, answers, set) : record);
      }
      return judged;
    } finally {
      await model.release();
    }
  }

  /** What validation says of judged sets, by the run's own metric; higher is better. */
  score(sets: readonly SetSummary[]): number {
    const { metric, higherIsBetter } = this.summary.selection;
    const value = sets.find((s) => s.kind === "validation")?.metrics[metric] ?? Number.NaN;
    return higherIsBetter ? value : -value;
  }
}
