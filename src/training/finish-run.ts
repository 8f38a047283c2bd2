import type { Batch } from "../data/loader.ts";
import { isSoundJson, plainWaves } from "../data/preprocess/sound-json.ts";
import { preprocessorJson } from "../data/preprocess/to-json.ts";
import { messageOf } from "../errors.ts";
import { logitsOf } from "../heads/find-head.ts";
import { saveModel } from "../onnx/save.ts";
import { fixedInputs } from "../passes/fix-inputs.ts";
import { drawNetwork } from "../picture/picture.ts";
import { joinPath } from "../platform/paths.ts";
import { RUN_FILES } from "../run/folder.ts";
import type { EvaluationRecord, RunSummary, SetSummary } from "../run/records.ts";
import { readRun } from "../run/run-reader.ts";
import { adapterDistance, bakeAdapters, otherParameters, saveAdapters } from "./adapters.ts";
import { answerRecords, withAnswers } from "./answer-records.ts";
import { DeployedModel } from "./deployed-model.ts";
import { evaluateSet, evaluationRecord } from "./evaluate.ts";
import type { TrainingEvent } from "./events.ts";
import { asStored, exportModel, storesHalves, verifyExport } from "./export-model.ts";
import { judgeWriting } from "./judge-writing.ts";
import { findModel } from "./model-source.ts";
import { openSource } from "./parts-session.ts";
import { nameForPipelines } from "./pipeline-names.ts";
import { withoutUndefined } from "./plain.ts";
import type { PreparedRun } from "./prepare-run.ts";
import { pickSamples, sampleRecords } from "./samples.ts";
import type { TrainerResult } from "./trainer.ts";

export interface FinishOptions {
  readonly shouldStop: () => boolean;
  readonly onEvent: (event: TrainingEvent) => void;
}

/** How a run ended, and the path of its model; null if it was stopped. */
export interface Finished {
  readonly summary: RunSummary;
  readonly model: string | null;
}

/** Judges the kept model on every set, writes it back as ONNX and checks the file against the training session. */
export async function finishRun(
  run: PreparedRun,
  result: TrainerResult,
  options: FinishOptions,
): Promise<Finished> {
  const { sessions, summary: start, writer, data, task } = run;
  const { progress, firingRate } = result;
  const soFar: RunSummary = {
    ...start,
    steps: progress.step,
    seconds: progress.seconds,
    ...(progress.best ? { bestStep: progress.best.step } : {}),
    ...(firingRate === undefined ? {} : { firingRate }),
  };
  if (result.ended === "stopped")
    return { summary: { ...soFar, status: "stopped", reason: "asked to stop" }, model: null };

  const kept = asStored(run.graph.parameters, result.best);
  sessions.load(kept);
  const deviation = deviationOf(run, result.best);
  options.onEvent({ kind: "phase", text: "Judging the kept model" });
  const records: EvaluationRecord[] = [];
  for (const set of data.sets) {
    const judged = await evaluateSet(sessions, set, {
      task,
      classes: data.classes,
      onProgress: (done, total) => options.onEvent({ kind: "evaluating", set: set.name, done, total }),
      shouldStop: options.shouldStop,
    });
    if (judged === null)
      return { summary: { ...soFar, status: "stopped", reason: "asked to stop" }, model: null };
    const step = progress.best?.step ?? progress.step;
    const record = evaluationRecord(set, judged, {
      step,
      epoch: step / run.trainer.evaluateEvery,
      model: "best",
    });
    records.push(record);
    const { set: name, count, metrics, epoch } = record;
    options.onEvent({
      kind: "evaluation",
      step,
      epoch,
      model: "best",
      set: name,
      setKind: set.kind,
      count,
      metrics,
      chosenBy: run.trainer.metric.name,
    });
    if (task.writes !== true) {
      const { classes, tokenizer } = data;
      const picked = pickSamples(judged.wrongness);
      await writer.samples(await sampleRecords(sessions, set, picked, { task, classes, tokenizer }));
    }
  }

  options.onEvent({ kind: "phase", text: "Writing the model and checking it" });
  const model = await writeModel(run, kept);
  const judged = task.writes === true ? await judgeWritten(run, records, options) : records;
  await writer.evaluations(...judged);
  await drawRun(run, options);
  const initial = await metricsBefore(run);
  return {
    model,
    summary: {
      ...soFar,
      status: "finished",
      ...(result.ended === "early stopping" ? { reason: "early stopping" } : {}),
      deviation,
      sets: judged.map(({ set, kind, count, asked, metrics, intervals }): SetSummary => {
        const before = initial.get(set);
        const known = withoutUndefined({ asked, intervals, initial: before });
        return { set, kind, count, metrics, ...known };
      }),
    },
  };
}

/** What the finished model writes, judged on every set: the records with accuracy, and answers to look at. */
async function judgeWritten(
  { files, runtime, writer, data }: PreparedRun,
  records: readonly EvaluationRecord[],
  { onEvent, shouldStop }: FinishOptions,
): Promise<EvaluationRecord[]> {
  const model = await DeployedModel.open(writer.folder, { files, runtime });
  const settings = model.generation({});
  const author = model.writer();
  const judged: EvaluationRecord[] = [];
  try {
    for (const [i, record] of records.entries()) {
      const set = data.sets[i]!; // each set has its record
      const onProgress = (done: number, total: number) =>
        onEvent({ kind: "evaluating", set: set.name, done, total });
      const answers = await judgeWriting(author, set.loader.dataset, settings, { onProgress, shouldStop });
      judged.push(answers ? withAnswers(record, answers, set) : record);
      if (answers) await writer.samples(await answerRecords(set, answers));
    }
    return judged;
  } finally {
    await model.release();
  }
}

/** Draws the network for the report. A network that cannot be drawn has been trained all the same. */
async function drawRun({ network, summary, writer }: PreparedRun, { onEvent }: FinishOptions): Promise<void> {
  try {
    await writer.network(drawNetwork(network.model, { title: summary.name }));
  } catch (error) {
    onEvent({ kind: "note", text: `No picture of the network: ${messageOf(error)}` });
  }
}

/** Metrics of the initial model by set, from the records that the run has written. */
async function metricsBefore({
  files,
  writer,
}: PreparedRun): Promise<ReadonlyMap<string, EvaluationRecord["metrics"]>> {
  const { evaluations } = await readRun(files, writer.folder);
  return new Map(evaluations.filter((e) => e.model === "initial").map((e) => [e.set, e.metrics]));
}

/**
 * ‖θ − θ0‖ over all parameters but a new head, which has no pretrained value. Adapters count by the change of the
 * weights that they stand for.
 */
function deviationOf(
  { optimizer, network, graph }: PreparedRun,
  best: ReadonlyMap<string, Float32Array>,
): number {
  const { adapters } = network;
  const change = adapters ? adapterDistance(adapters, best) : 0;
  const own = adapters ? otherParameters(adapters, graph.parameters) : graph.parameters;
  const counted = new Set(
    own.filter((p) => network.head !== "new" || !network.headParameters.has(p.source)).map((p) => p.name),
  );
  let sum = change ** 2;
  for (const [name, d] of optimizer.deviations()) if (counted.has(name)) sum += d * d;
  return Math.sqrt(sum);
}

async function writeModel(run: PreparedRun, values: ReadonlyMap<string, Float32Array>): Promise<string> {
  const { files, runtime, network, source, data, graph, sessions, writer } = run;
  const { adapters } = network;
  if (adapters) {
    await saveAdapters(adapters, {
      files,
      folder: writer.adapterFolder,
      base: run.config.model,
      parameters: graph.parameters,
      values,
    });
    adapters.attached.detach();
  }
  // Its weights are still those that the run started from: one end of the line to what it has become.
  if (network.head === "zero-shot")
    await saveModel(network.model, joinPath(writer.folder, RUN_FILES.zeroShot, "model.onnx"), files);
  if (adapters) bakeAdapters(network.model, adapters, values);
  const { graph: written } = network.model;
  const place = Math.max(0, written.outputs.indexOf(network.output));
  const renamed =
    run.config.export.names === "kept" || run.task.head === null
      ? null
      : nameForPipelines(written, data.preprocessing);
  const path = await exportModel(network.model, {
    files,
    folder: writer.modelFolder,
    source,
    classes: data.classes,
    head: network.head,
    kind: data.preprocessing.kind,
    modelType: run.config.export.modelType,
    task: run.task,
    parameters: adapters ? otherParameters(adapters, graph.parameters) : graph.parameters,
    values,
    preprocessor: preprocessorToWrite(run),
    maxLength: run.config.preprocess.maxLength ?? null,
  });
  const output = written.outputs[place]!; // renaming keeps the outputs' places
  const set = data.sets[0]!; // there is always a validation set
  for await (const batch of set.loader.epoch(0)) {
    const logits = await sessions.output(network.logits, batch);
    await verifyExport({
      session: await openSource(await findModel(files, writer.modelFolder), { files, runtime }),
      path,
      output: output.name,
      kind: logitsOf(output).kind,
      batch: renamed ? withNames(batch, renamed) : batch,
      logits,
      fixed: fixedInputs(network.model),
      inHalf: storesHalves(graph.parameters),
    });
    break;
  }
  return path;
}

/** A batch whose inputs bear other names. */
function withNames(batch: Batch, names: ReadonlyMap<string, string>): Batch {
  return { ...batch, inputs: new Map([...batch.inputs].map(([name, t]) => [names.get(name) ?? name, t])) };
}

/** What images or sounds went through in this run, unless that is what the model's own file says. */
function preprocessorToWrite({ config, data, source }: PreparedRun): Record<string, unknown> | null {
  const { preprocessing } = data;
  if (preprocessing.kind === "audio") {
    const { samplingRate } = preprocessing;
    if (!isSoundJson(source.preprocessor)) return plainWaves(samplingRate);
    return config.preprocess.samplingRate === undefined
      ? null
      : { ...source.preprocessor, sampling_rate: samplingRate };
  }
  const image = preprocessing.kind === "image-text" ? preprocessing.image : preprocessing;
  if (image.kind !== "image") return null;
  const isOverridden = Object.values(config.preprocess).some((value) => value !== undefined);
  return source.preprocessor !== null && !isOverridden ? null : preprocessorJson(image);
}
