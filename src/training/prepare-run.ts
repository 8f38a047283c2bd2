import { findMethod } from "../config/methods.ts";
import type { Config } from "../config/schema.ts";
import { SEGMENT_IDS } from "../data/preprocess/segment-buffer.ts";
import { ConfigError, DataError, messageOf } from "../errors.ts";
import { valueNamed } from "../onnx/edit.ts";
import type { Model } from "../onnx/model.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { createSchedule } from "../optim/schedules.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import type { RunSummary } from "../run/records.ts";
import { readRun } from "../run/run-reader.ts";
import { createRun, type RunWriter, resumeRun } from "../run/run-writer.ts";
import { withTensorBoard } from "../run/tensorboard.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { metricOf, tasks } from "../tasks/registry.ts";
import type { Task } from "../tasks/task.ts";
import { adapterGraphOptions } from "./adapters.ts";
import { checkImageTokens } from "./check-image-tokens.ts";
import { type Checkpoint, CheckpointStore, hashValues } from "./checkpoint.ts";
import { createEvaluator } from "./constant-evaluator.ts";
import { describeRun } from "./describe-run.ts";
import { describeEnvironment } from "./environment.ts";
import type { TrainingEvent } from "./events.ts";
import { findMask, type MaskParts } from "./find-mask.ts";
import { fixBySettings } from "./fixed-session.ts";
import type { GradientMask } from "./gradient-mask.ts";
import { chooseLoss } from "./loss-settings.ts";
import { loadSource } from "./model-parts.ts";
import { findModel, labelsOf, type ModelSource } from "./model-source.ts";
import { numberScale } from "./number-scale.ts";
import { openOptimizer } from "./open-optimizer.ts";
import { checkPacking } from "./packing.ts";
import { plainJson } from "./plain.ts";
import { prepareData, type RunData } from "./prepare-data.ts";
import { type Network, prepareNetwork } from "./prepare-network.ts";
import { TrainingSessions } from "./sessions.ts";
import type { Distillation } from "./teacher.ts";
import type { TrainerOptions } from "./trainer.ts";
import type { TrainingGraph } from "./training-graph.ts";
import { buildTrainingGraphs } from "./training-graphs.ts";
import { splitAverage, WeightAverage } from "./weight-average.ts";
import { cutToImages, zeroShotClassifier } from "./zero-shot.ts";

export interface PrepareRunOptions {
  readonly files: Files;
  readonly runtime: Runtime;
  readonly command?: string;
  readonly resume: boolean;
  readonly onEvent: (event: TrainingEvent) => void;
}

/** A run that is ready for its first step, or for the one after its checkpoint. */
export interface PreparedRun {
  readonly config: Config;
  readonly task: Task;
  readonly files: Files;
  readonly runtime: Runtime;
  readonly source: ModelSource;
  readonly network: Network;
  readonly graph: TrainingGraph;
  readonly data: RunData;
  readonly optimizer: Optimizer;
  readonly sessions: TrainingSessions;
  readonly writer: RunWriter;
  readonly checkpoint: Checkpoint | null;
  readonly trainer: Omit<TrainerOptions, "shouldStop" | "onEvent">;
  /** The summary so far. */
  readonly summary: RunSummary;
  /** The summary of the run if it fails now. */
  readonly failed: (error: unknown) => RunSummary;
}

/** Opens model and data, builds graphs and optimizer, starts the run folder. */
export async function prepareRun(config: Config, options: PrepareRunOptions): Promise<PreparedRun> {
  const { files, runtime, onEvent, resume } = options;
  const task = tasks[config.task];
  onEvent({ kind: "phase", text: `Reading ${config.model}` });
  const source = await findModel(files, config.model);
  const model = await loadSource(files, source);
  fixBySettings(model, config.fix, config.batchSize);
  const isZeroShot = config.head.mode === "zero-shot";
  if (isZeroShot) cutToImages(model, config.head);

  onEvent({ kind: "phase", text: `Reading ${config.data}` });
  const labels = classifierLabels(source, model);
  const data = await prepareData({
    files,
    config,
    task,
    model,
    source,
    labels,
    onEvent,
  });

  const zeroShot = isZeroShot
    ? await zeroShotClassifier({ files, runtime, head: config.head, source, classes: data.classes })
    : null;
  onEvent({ kind: "phase", text: "Building the training graph" });
  const evaluate = createEvaluator(runtime);
  await checkImageTokens(model, { source, shapes: data.inputShapes, evaluate });
  const network = await prepareNetwork(model, {
    config,
    task,
    data,
    labels,
    evaluate,
    zeroShot,
    scale: numberScale(data.train.dataset),
  });
  const graphs = await buildTrainingGraphs(model, {
    shapes: data.shapes,
    ...(await chooseLoss(config.loss, task, data.train.dataset)),
    logits: network.judged,
    trainable: network.trainable,
    evaluate,
    ...distillationOf(config, network),
    ...adapterGraphOptions(network.adapters),
    ...(config.preprocess.packing === false ? {} : { segments: SEGMENT_IDS }),
  });
  const [graph] = graphs;
  network.restoreOutputs();
  for (const text of [...data.notes, ...network.notes, ...unreachableNote(graph)])
    onEvent({ kind: "note", text });

  const optimizer = await openOptimizer(config, { graph, network, files });
  const anchors = await hashValues([...optimizer.parameters, ...foreignAnchors(optimizer)]);
  const store = new CheckpointStore(files, joinPath(config.out, "checkpoint"), {
    anchors,
    keep: config.checkpoint.keep,
  });
  const sessions = await TrainingSessions.open(runtime, graphs, optimizer, {
    logits: network.judged,
    seed: config.seed,
  });
  if (data.packingTrial && !resume) await checkPacking(sessions, data.packingTrial);
  const summary = describeRun(config, { task, data, network, graph, model });
  const parts = await openOptions(config, {
    rule: summary.method.updateRule,
    network,
    optimizer,
    sessions,
    loader: data.train,
  });
  const plan = planSteps(config, data);
  const { writer: plainWriter, checkpoint } = resume
    ? await continueRun(files, config, store, { optimizer, average: parts.average })
    : { writer: await startRun({ ...config, shifts: data.shifts }, options, summary), checkpoint: null };
  const writer = config.tensorboard
    ? withTensorBoard(plainWriter, files, {
        startedAt: (await readRun(files, config.out)).environment.startedAt,
        ...(checkpoint ? { step: checkpoint.progress.step } : {}),
      })
    : plainWriter;
  onEvent({
    kind: "plan",
    totalSteps: plan.totalSteps,
    startStep: checkpoint?.progress.step ?? 0,
    trainCount: data.train.dataset.length,
    batchSize: config.batchSize,
    parameters: summary.trainableParameters,
    tensors: graph.parameters.length,
    runtime: runtime.label,
  });
  return {
    config,
    task,
    files,
    runtime,
    source,
    network,
    graph,
    data,
    optimizer,
    sessions,
    writer,
    checkpoint,
    summary,
    trainer: {
      ...trainerSettings(config, network.head),
      ...plan,
      ...parts,
      graph,
      sessions,
      optimizer,
      writer,
      checkpoints: store,
      loader: data.train,
      sets: data.sets,
      task,
      classes: data.classes,
      metric: metricOf(task, config.evaluation.metric),
    },
    failed: (error) => ({ ...summary, status: "failed", reason: messageOf(error), steps: optimizer.steps }),
  };
}

/** Anchors that are not the values that training starts from, which a resumed run must find again. */
function foreignAnchors({ settings, anchors }: Optimizer): [name: string, data: Float32Array][] {
  const foreign = settings.filter((s) => s.anchor === "value").map((s) => s.name);
  return foreign.flatMap((name) => {
    const data = anchors.get(name);
    return data ? [[`anchor/${name}`, data]] : [];
  });
}

/** Class names of the model's classifier; null where it says none, or its output has another width. */
function classifierLabels(source: ModelSource, model: Model): string[] | null {
  const labels = labelsOf(source.config);
  const width = model.graph.outputs[0]?.declared?.dims?.at(-1);
  // LABEL_0, LABEL_1, … is what Transformers writes where nobody named the classes.
  return labels && labels.length === width && !labels.every((l) => /^LABEL_\d+$/.test(l)) ? labels : null;
}

function unreachableNote(graph: TrainingGraph): string[] {
  if (graph.unreachable.length === 0) return [];
  const names = graph.unreachable.slice(0, 5).map((p) => p.name);
  return [
    `${graph.unreachable.length} weights do not influence the logits and stay as they are: ${names.join(", ")}${graph.unreachable.length > 5 ? " …" : ""}.`,
  ];
}

/** What a run has beside its optimizer: an average of the weights, a mask of those that are trained. */
async function openOptions(
  { optimizer: { ema }, mask, method }: Config,
  parts: MaskParts,
): Promise<{ average?: WeightAverage; mask?: GradientMask }> {
  const share = mask.share ?? findMethod(method)?.maskShare ?? 1;
  return {
    ...(ema === undefined ? {} : { average: new WeightAverage(parts.optimizer.parameters, ema) }),
    ...(share === 1 ? {} : { mask: await findMask(parts, { share, batches: mask.batches }) }),
  };
}

/** A new head has no pretrained logits, so its run is held to the features that the head reads. */
function distillationOf({ distillation, method }: Config, network: Network): { distillation?: Distillation } {
  const strength = distillation.strength ?? findMethod(method)?.distillation ?? 0;
  if (strength === 0) return {};
  const { at, temperature } = distillation;
  const kind = at === "auto" ? (network.head === "new" ? "features" : "logits") : at;
  if (kind === "logits" && network.head === "new") {
    throw new ConfigError(
      "distillation.at logits: the head is new, so there are no pretrained logits to hold it to; use features, or probe first (--method lp-ft)",
    );
  }
  const logits = kind === "logits" ? valueNamed(network.model.graph, network.logits) : network.feature;
  return { distillation: { kind, at: logits, strength, temperature } };
}

function planSteps(config: Config, data: RunData) {
  const perEpoch = Math.max(1, Math.floor(data.train.batchesPerEpoch / config.optimizer.accumulate));
  const totalSteps = config.steps ?? Math.max(1, Math.round(config.epochs * perEpoch));
  const { name, warmup, floor } = config.schedule;
  return {
    totalSteps,
    schedule: createSchedule(name, { totalSteps, warmupSteps: Math.round(warmup * totalSteps), floor }),
    evaluateEvery: config.evaluation.every === "epoch" ? perEpoch : config.evaluation.every,
  };
}

function trainerSettings(config: Config, head: Network["head"]) {
  const { optimizer, evaluation, checkpoint } = config;
  return {
    lr: optimizer.lr,
    clipNorm: optimizer.clipNorm,
    accumulate: optimizer.accumulate,
    evaluateAtStart: !evaluation.atStart
      ? ("nothing" as const)
      : head === "new"
        ? ("validation" as const)
        : ("all" as const),
    shiftsWhileTraining: evaluation.shiftsWhileTraining,
    patience: evaluation.patience,
    checkpointEvery: checkpoint.every,
  };
}

async function startRun(config: Config, options: PrepareRunOptions, summary: RunSummary): Promise<RunWriter> {
  const environment = await describeEnvironment(options.runtime, {
    command: options.command ?? `holdfast finetune --config ${joinPath(config.out, "config.yaml")}`,
    seeds: { run: config.seed },
  });
  return createRun(options.files, config.out, {
    config: plainJson(config),
    environment,
    summary,
    overwrite: config.overwrite,
  });
}

async function continueRun(
  files: Files,
  config: Config,
  store: CheckpointStore,
  parts: { readonly optimizer: Optimizer; readonly average?: WeightAverage | undefined },
): Promise<{ writer: RunWriter; checkpoint: Checkpoint }> {
  const checkpoint = await store.load();
  if (!checkpoint) {
    throw new DataError(`${config.out}: the run has no checkpoint yet; start it again with --overwrite`);
  }
  const { optimizer, average } = splitAverage(checkpoint.optimizer);
  parts.optimizer.loadState(optimizer);
  parts.average?.restore(average);
  return { writer: await resumeRun(files, config.out, checkpoint.progress.step), checkpoint };
}
