import { parseConfig } from "./config/parse.ts";
import type { Config, ConfigInput } from "./config/schema.ts";
import type { Files } from "./platform/files.ts";
import { joinPath } from "./platform/paths.ts";
import { writeReport } from "./report/report.ts";
import { exportCsv } from "./run/csv.ts";
import { RUN_FILES } from "./run/folder.ts";
import type { RunStatus, RunSummary } from "./run/records.ts";
import { readRun } from "./run/run-reader.ts";
import { writeSettings } from "./run/run-writer.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { TrainingEvent } from "./training/events.ts";
import { finishRun } from "./training/finish-run.ts";
import { plainJson } from "./training/plain.ts";
import { prepareRun } from "./training/prepare-run.ts";
import { PROBE_FOLDER, probeStages } from "./training/probe.ts";
import { Trainer } from "./training/trainer.ts";

export interface FinetuneOptions {
  readonly files: Files;
  readonly runtime: Runtime;
  /** The shell command that repeats the run, for its records. */
  readonly command?: string;
  readonly onEvent?: (event: TrainingEvent) => void;
  /** Asked between steps; true saves a checkpoint and ends the run as stopped. */
  readonly shouldStop?: () => boolean;
}

/** A run that ended. */
export interface FinetuneResult {
  readonly folder: string;
  readonly summary: RunSummary;
  /** Path of the fine-tuned model; null if the run was stopped before its end. */
  readonly model: string | null;
  /** Path of the page; null if none was asked for. */
  readonly report: string | null;
}

/**
 * The main job: takes a model and data, fine-tunes, judges, and writes the model back.
 *
 *     model + data → network whose head fits → training graph → optimizer with anchors
 *         → steps, evaluations, checkpoints → best weights → judged on every set → the same .onnx with new weights
 *
 * It runs on the thread it is called on, and a native ONNX Runtime blocks that thread during each step.
 *
 * @throws ConfigError, DataError, ModelError for what cannot be used; RunError if training fails
 */
export async function finetune(input: ConfigInput, options: FinetuneOptions): Promise<FinetuneResult> {
  return runStages(parseConfig(input), options, { resume: false });
}

/**
 * Goes on with a run from its newest checkpoint and ends bit for bit as the unbroken run would have.
 *
 * @param config the settings that the run was started with
 */
export async function resume(config: Config, options: FinetuneOptions): Promise<FinetuneResult> {
  return runStages(config, options, { resume: true });
}

/** One run, or a probe of the head and then the run that starts from it, in the folder around the probe's. */
async function runStages(
  config: Config,
  options: FinetuneOptions,
  how: { readonly resume: boolean },
): Promise<FinetuneResult> {
  const stages = probeStages(config);
  if (!stages) return run(config, options, how);
  const { files, onEvent = () => undefined } = options;
  const statusOf = async (folder: string): Promise<RunStatus | null> =>
    (await files.exists(joinPath(folder, RUN_FILES.summary)))
      ? (await readRun(files, folder)).summary.status
      : null;
  if (!how.resume && !config.overwrite && (await statusOf(config.out)) !== null) {
    return run(config, options, how); // says that the folder holds a run
  }
  await writeSettings(files, config.out, plainJson(config));
  const probed = how.resume ? await statusOf(stages.probe.out) : null;
  if (probed !== "finished") {
    onEvent({ kind: "phase", text: "Probing: the head alone" });
    const probe = await run(stages.probe, options, { resume: probed !== null });
    if (probe.model === null) return { ...probe, folder: config.out };
    onEvent({ kind: "phase", text: "Fine-tuning from the probed head" });
  }
  return run(stages.tune, options, { resume: how.resume && (await statusOf(config.out)) !== null });
}

async function run(
  config: Config,
  options: FinetuneOptions,
  how: { readonly resume: boolean },
): Promise<FinetuneResult> {
  const { files, onEvent = () => undefined, shouldStop = () => false } = options;
  const prepared = await prepareRun(config, { ...options, onEvent, ...how });
  const { sessions, writer } = prepared;
  let summary: RunSummary;
  let model: string | null = null;
  try {
    const trainer = new Trainer({ ...prepared.trainer, shouldStop, onEvent }, prepared.checkpoint);
    const result = await trainer.run();
    ({ summary, model } = await finishRun(prepared, result, { shouldStop, onEvent }));
    summary = { ...summary, seconds: summary.seconds + (await secondsOfProbe(files, config)) };
  } catch (error) {
    await writer.summary(prepared.failed(error));
    throw error;
  } finally {
    await sessions.release();
  }
  await writer.summary(summary);
  if (config.csv)
    await exportCsv(files, await readRun(files, config.out), joinPath(config.out, RUN_FILES.csv));
  let report: string | null = null;
  if (config.report) {
    onEvent({ kind: "phase", text: "Writing the report" });
    report = joinPath(config.out, "report.html");
    await writeReport(files, [config.out], report);
  }
  return { folder: config.out, summary, model, report };
}

/** What a probe before the run took: it is part of the run's budget. */
async function secondsOfProbe(files: Files, config: Config): Promise<number> {
  const probe = joinPath(config.out, PROBE_FOLDER);
  return (await files.exists(joinPath(probe, RUN_FILES.summary)))
    ? (await readRun(files, probe)).summary.seconds
    : 0;
}
