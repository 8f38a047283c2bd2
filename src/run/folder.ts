import { type Parser, parseEvaluation, parseLayer, parseSample, parseStep } from "./parse.ts";
import type { EvaluationRecord, LayerRecord, SampleRecord, StepRecord } from "./records.ts";

/** The names inside a run folder. */
export const RUN_FILES = {
  config: "config.yaml",
  environment: "environment.json",
  summary: "summary.json",
  interpolation: "interpolation.json",
  network: "network.svg",
  checkpoint: "checkpoint",
  model: "model",
  zeroShot: "zero-shot",
  adapter: "adapter",
  tensorboard: "tensorboard",
  csv: "csv",
  report: "report.html",
} as const;

/** A file of records, how a line is read, and which of its records a resume from a checkpoint's step keeps. */
export interface RecordFile<T> {
  readonly name: string;
  readonly parse: Parser<T>;
  readonly keep: (record: T, step: number) => boolean;
}

export const STEPS: RecordFile<StepRecord> = {
  name: "steps.jsonl",
  parse: parseStep,
  keep: (record, step) => record.step <= step,
};

export const LAYERS: RecordFile<LayerRecord> = {
  name: "layers.jsonl",
  parse: parseLayer,
  keep: (record, step) => record.step <= step,
};

export const EVALUATIONS: RecordFile<EvaluationRecord> = {
  name: "evaluations.jsonl",
  parse: parseEvaluation,
  // The kept model is judged when the run ends, so a run that goes on judges it again.
  keep: (record, step) => record.model !== "best" && record.step <= step,
};

export const SAMPLES: RecordFile<SampleRecord> = {
  name: "samples.jsonl",
  parse: parseSample,
  keep: () => false, // Predictions of the kept model, written when the run ends.
};
