import type { Batch, Loader } from "../data/loader.ts";
import { RunError } from "../errors.ts";
import type { MetricFacts } from "../evaluation/metric-facts.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { StepReport } from "../optim/report.ts";
import type { Schedule } from "../optim/schedules.ts";
import type { EvaluatedModel } from "../run/records.ts";
import type { RunWriter } from "../run/run-writer.ts";
import type { Task } from "../tasks/task.ts";
import type { CheckpointStore, Progress } from "./checkpoint.ts";
import { type EvaluationSet, evaluateSet, evaluationRecord } from "./evaluate.ts";
import type { TrainingEvent } from "./events.ts";
import type { GradientMask } from "./gradient-mask.ts";
import { HeldOutProjection } from "./held-out.ts";
import { LayerLog } from "./layer-log.ts";
import type { TrainingSessions } from "./sessions.ts";
import { StepMeter } from "./step-meter.ts";
import type { TrainingGraph } from "./training-graph.ts";
import { type WeightAverage, withAverage } from "./weight-average.ts";

export interface TrainerOptions {
  readonly graph: TrainingGraph;
  readonly sessions: TrainingSessions;
  readonly optimizer: Optimizer;
  readonly loader: Loader;
  /** In the order in which they are judged; the first of kind validation chooses the kept model. */
  readonly sets: readonly EvaluationSet[];
  readonly task: Task;
  readonly classes: readonly string[];
  readonly totalSteps: number;
  /** Peak learning rate, and its course. */
  readonly lr: number;
  readonly schedule: Schedule;
  readonly clipNorm: number | null;
  /** Batches per step. */
  readonly accumulate: number;
  /** Steps between evaluations. */
  readonly evaluateEvery: number;
  /** What is judged before the first step: every set; the validation set alone, for a new head, which knows nothing; or none. */
  readonly evaluateAtStart: "all" | "validation" | "nothing";
  readonly shiftsWhileTraining: boolean;
  /** What chooses the kept model. */
  readonly metric: MetricFacts;
  /** Evaluations without improvement before training stops; never if undefined. */
  readonly patience: number | undefined;
  /** Steps between checkpoints apart from those at evaluations. */
  readonly checkpointEvery: number | undefined;
  /** Judged and kept in place of the weights themselves. */
  readonly average?: WeightAverage;
  /** Which elements are trained, where not all are. */
  readonly mask?: GradientMask;
  readonly writer: RunWriter;
  readonly checkpoints: CheckpointStore;
  readonly shouldStop: () => boolean;
  readonly onEvent: (event: TrainingEvent) => void;
}

/** How training ended. */
export interface TrainerResult {
  readonly progress: Progress;
  /** Values of the kept model. */
  readonly best: ReadonlyMap<string, Float32Array>;
  readonly firingRate: number | undefined;
  readonly ended: "finished" | "early stopping" | "stopped";
}

/** At most this many records of steps and of layers: more would only make the report slower to read. */
const STEP_RECORDS = 400;
const LAYER_RECORDS = 40;

/** The training loop: steps, evaluations, the choice of the kept model, checkpoints. */
export class Trainer {
  private readonly o: TrainerOptions;
  private readonly layers: LayerLog;
  private readonly meter: StepMeter;
  private readonly heldOut: HeldOutProjection;
  private readonly resumed: boolean;
  private progress: Progress;
  private best: ReadonlyMap<string, Float32Array> | null;
  private clock = performance.now();

  /** @param from a checkpoint to go on from; its optimizer state has been restored already */
  constructor(
    options: TrainerOptions,
    from: { readonly progress: Progress; readonly best: ReadonlyMap<string, Float32Array> | null } | null,
  ) {
    this.o = options;
    this.resumed = from !== null;
    this.progress = from?.progress ?? {
      step: 0,
      cursor: { epoch: 0, batch: 0 },
      seconds: 0,
      best: null,
      stale: 0,
      totals: { fired: 0, tensorSteps: 0 },
    };
    this.best = from?.best ?? null;
    this.layers = new LayerLog(options.graph.parameters, options.optimizer, this.progress.totals);
    this.meter = new StepMeter();
    this.heldOut = new HeldOutProjection(options.sessions, options.sets);
  }

  /** @throws RunError if a loss or gradient is not finite; the last checkpoint stays */
  async run(): Promise<TrainerResult> {
    const { totalSteps, shouldStop, loader, accumulate } = this.o;
    if (!this.resumed) {
      if (this.o.evaluateAtStart !== "nothing" && (await this.evaluate("initial")) === "stopped")
        return this.end("stopped");
      await this.checkpoint();
    }
    if (this.isPatienceOut()) return this.end("early stopping");
    if (this.progress.step >= totalSteps) return this.end("finished");
    let pending = 0;
    for await (const batch of loader.from(this.progress.cursor)) {
      const loss = await this.o.sessions.step(batch);
      if (!Number.isFinite(loss)) this.refuse(batch, loss);
      this.o.mask?.apply(this.o.optimizer.gradients);
      this.meter.add(loss, batch.count);
      pending++;
      if (accumulate > 1) {
        this.o.optimizer.accumulate();
        if (pending < accumulate) continue;
      }
      const report = await this.update(batch, pending);
      pending = 0;
      this.progress = {
        ...this.progress,
        step: report.step,
        cursor: batch.next,
        totals: this.layers.runTotals,
      };
      await this.record(report, batch);
      if (await this.boundary()) return this.end("early stopping");
      if (this.progress.step >= totalSteps) return this.end("finished");
      if (shouldStop()) return this.stop();
    }
    return this.end("finished");
  }

  private async update(batch: Batch, batches: number): Promise<StepReport> {
    const { optimizer, lr, schedule, clipNorm, totalSteps } = this.o;
    try {
      const stepped = optimizer.step({
        lr: lr * schedule(this.progress.step),
        gradientScale: 1 / batches,
        ...(clipNorm === null ? {} : { clipNorm }),
      });
      const isLast = stepped.step === totalSteps;
      const report = optimizer.projectionDue(isLast)
        ? await this.heldOut.project(optimizer, stepped, isLast)
        : stepped;
      this.o.average?.update(report.step);
      this.layers.add(report);
      return report;
    } catch (error) {
      if (optimizer.findNonFinite() !== null) this.refuse(batch, Number.NaN, error);
      throw error;
    }
  }

  /** Writes what is due, and tells whoever watches. */
  private async record(report: StepReport, batch: Batch): Promise<void> {
    const { step } = report;
    const { totalSteps, writer, onEvent } = this.o;
    const epoch = batch.cursor.epoch + (batch.cursor.batch + 1) / this.o.loader.batchesPerEpoch;
    onEvent({
      kind: "step",
      step,
      totalSteps,
      epoch,
      loss: this.meter.lastLoss,
      lr: report.lr,
      fired: report.tensors.filter((t) => t.fired).length,
      tensors: report.tensors.length,
      examples: this.meter.lastExamples,
    });
    if (isDue(step, totalSteps, STEP_RECORDS) || this.isBoundary(step)) {
      this.tick();
      await writer.steps({
        step,
        epoch,
        ...this.meter.take(),
        lr: report.lr,
        gradientNorm: report.gradientNorm,
        seconds: this.progress.seconds,
      });
    }
    if (isDue(step, totalSteps, LAYER_RECORDS) || this.isBoundary(step))
      await writer.layers(this.layers.take(step));
  }

  private isBoundary(step: number): boolean {
    const { evaluateEvery, checkpointEvery, totalSteps } = this.o;
    return (
      step % evaluateEvery === 0 ||
      step === totalSteps ||
      (checkpointEvery !== undefined && step % checkpointEvery === 0)
    );
  }

  /** Evaluates and saves where that is due. @returns whether patience has run out */
  private async boundary(): Promise<boolean> {
    const { step } = this.progress;
    if (!this.isBoundary(step)) return false;
    const isEvaluation = step % this.o.evaluateEvery === 0 || step === this.o.totalSteps;
    // A stop in the middle of an evaluation drops it; the checkpoint below keeps the step.
    if (isEvaluation) await this.evaluate("current");
    await this.checkpoint();
    return isEvaluation && this.isPatienceOut();
  }

  private isPatienceOut(): boolean {
    return this.o.patience !== undefined && this.progress.stale >= this.o.patience;
  }

  private evaluate(model: EvaluatedModel): Promise<"done" | "stopped"> {
    const { average } = this.o;
    return average ? average.during(() => this.judge(model)) : this.judge(model);
  }

  private async judge(model: EvaluatedModel): Promise<"done" | "stopped"> {
    const { sets, sessions, task, classes, onEvent, shouldStop, metric, shiftsWhileTraining } = this.o;
    const { step, cursor } = this.progress;
    const epoch = cursor.epoch + cursor.batch / this.o.loader.batchesPerEpoch;
    const judged = sets.filter((s) => {
      if (s.kind === "validation") return true;
      return model === "initial" ? this.o.evaluateAtStart === "all" : shiftsWhileTraining;
    });
    let chosen: number | null = null;
    const records = [];
    for (const set of judged) {
      const result = await evaluateSet(sessions, set, {
        task,
        classes,
        shouldStop,
        onProgress: (done, total) => onEvent({ kind: "evaluating", set: set.name, done, total }),
      });
      if (result === null) return "stopped";
      const record = evaluationRecord(set, result, { step, epoch, model });
      records.push(record);
      const { set: name, count, metrics } = record;
      const said = { set: name, setKind: set.kind, count, metrics, chosenBy: metric.name };
      onEvent({ kind: "evaluation", step, epoch, model, ...said });
      if (set.kind === "validation" && chosen === null) chosen = result.metrics[metric.name] ?? Number.NaN;
    }
    await this.o.writer.evaluations(...records);
    if (chosen !== null) await this.choose(chosen);
    return "done";
  }

  private async choose(value: number): Promise<void> {
    const { best } = this.progress;
    const isBetter =
      best === null || (this.o.metric.higherIsBetter ? value > best.value : value < best.value);
    if (!isBetter) {
      this.progress = { ...this.progress, stale: this.progress.stale + 1 };
      return;
    }
    this.best = this.o.sessions.snapshot();
    await this.o.checkpoints.saveBest(this.progress.step, this.best);
    this.progress = { ...this.progress, best: { step: this.progress.step, value }, stale: 0 };
  }

  private async checkpoint(): Promise<void> {
    this.tick();
    await this.o.checkpoints.save(this.progress, withAverage(this.o.optimizer.saveState(), this.o.average));
    this.o.onEvent({ kind: "checkpoint", step: this.progress.step });
  }

  private async stop(): Promise<TrainerResult> {
    await this.o.writer.layers(this.layers.take(this.progress.step));
    await this.checkpoint();
    return this.end("stopped");
  }

  private end(ended: TrainerResult["ended"]): TrainerResult {
    this.tick();
    const best = this.best ?? this.o.sessions.snapshot();
    return { progress: this.progress, best, firingRate: this.layers.firingRate, ended };
  }

  private tick(): void {
    const now = performance.now();
    this.progress = { ...this.progress, seconds: this.progress.seconds + (now - this.clock) / 1000 };
    this.clock = now;
  }

  private refuse(batch: Batch, loss: number, cause?: unknown): never {
    const { optimizer, loader } = this.o;
    const step = this.progress.step + 1;
    const bad = optimizer.findNonFinite();
    const examples = batch.indices.slice(0, 4).map((i) => loader.dataset.name(i));
    throw new RunError(
      `training stopped at step ${step} (epoch ${batch.cursor.epoch}, batch ${batch.cursor.batch}): ` +
        (Number.isFinite(loss) || Number.isNaN(loss) ? "" : `the loss is ${loss}; `) +
        (bad
          ? `the gradient of "${bad.name}" is ${bad.value} at element ${bad.index}`
          : `the loss is ${loss}`) +
        `. The batch begins with ${examples.join(", ")}. The last checkpoint is good; lower --optimizer.lr, set --optimizer.clipNorm, or look at these examples.`,
      { cause, details: { step, tensor: bad?.name, indices: batch.indices } },
    );
  }
}

/** Whether a record is due at a step, if `records` of them are spread over `total` steps. */
function isDue(step: number, total: number, records: number): boolean {
  return step === total || step % Math.max(1, Math.floor(total / records)) === 0;
}
