import type { Dataset } from "../data/dataset.ts";
import type { Batch, Loader } from "../data/loader.ts";
import { ConfigError } from "../errors.ts";
import { intervalsOf } from "../evaluation/estimates.ts";
import type { Judgement } from "../evaluation/meter.ts";
import { base64, packFloats } from "../run/bits.ts";
import type { EvaluatedModel, EvaluationRecord, SetKind } from "../run/records.ts";
import type { Task } from "../tasks/task.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { withoutUndefined } from "./plain.ts";

/** A set to judge a model on. */
export interface EvaluationSet {
  readonly name: string;
  readonly kind: SetKind;
  readonly loader: Loader;
  /** Whether metrics weigh the examples as the dataset does. */
  readonly weighted: boolean;
  /** The examples at some positions of the loader's dataset, in batches of their own. */
  readonly pick: (indices: readonly number[]) => Loader;
}

export interface EvaluateOptions {
  readonly task: Task;
  readonly classes: readonly string[];
  /** Told after each batch how many examples are done. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Asked after each batch; true ends the evaluation early with null. */
  readonly shouldStop?: () => boolean;
}

/** What gives the task's output, float32 [B, …], for a batch: a run's sessions, or a model on disk. */
export interface Predictor {
  predict(batch: Batch): Promise<Tensor<"float32">>;
}

/** Judges the present parameters on a set. @returns null if it was stopped */
export async function evaluateSet(
  predictor: Predictor,
  { loader, weighted }: Pick<EvaluationSet, "loader" | "weighted">,
  { task, classes, onProgress, shouldStop }: EvaluateOptions,
): Promise<Judgement | null> {
  const meter = task.meter(classes);
  let done = 0;
  for await (const batch of loader.epoch(0)) {
    const { targets, indices, weights } = batch;
    const weighing = weighted && weights ? { weights } : {};
    meter.add({ output: await predictor.predict(batch), targets, indices, ...weighing });
    done += batch.count;
    onProgress?.(done, loader.dataset.length);
    if (shouldStop?.()) return null;
  }
  return meter.result();
}

/** @throws ConfigError where metrics are to weigh examples of which none has a weight */
export function requireWeights(sets: readonly Dataset[]): void {
  if (sets.some((set) => set.weight)) return;
  throw new ConfigError(
    `evaluation.weighted: no judged set has weights (${sets.map((set) => set.source).join(", ")}); ` +
      "name their column by dataset.weightColumn, or leave it out",
  );
}

/** Bootstrap draws as the run folder keeps them. */
export function drawsRecord(draws: NonNullable<Judgement["draws"]>): Record<string, string> {
  return Object.fromEntries(Object.entries(draws).map(([name, values]) => [name, packFloats(values)]));
}

/** A result as the run folder keeps it. */
export function evaluationRecord(
  set: EvaluationSet,
  judgement: Judgement,
  at: { readonly step: number; readonly epoch: number; readonly model: EvaluatedModel },
): EvaluationRecord {
  const { count, metrics, confusion, correct, reliability, parts, pairs, draws = {} } = judgement;
  return {
    ...at,
    set: set.name,
    kind: set.kind,
    count,
    metrics,
    intervals: intervalsOf(judgement),
    ...(confusion ? { confusion } : {}),
    ...(correct ? { correct: base64(correct) } : {}),
    // Of models on the way nobody looks at more than the numbers, and there are many.
    ...(at.model === "current"
      ? {}
      : withoutUndefined({ draws: drawsRecord(draws), reliability, parts, pairs })),
  };
}
