import { readFileSync } from "node:fs";
import { tensor } from "../tensor/tensor.ts";
import type { JudgedBatch } from "./meter.ts";
import type { Scores } from "./precision-recall.ts";

type Matrix = readonly (readonly number[])[];
type Averages = Readonly<Record<"macro" | "micro" | "weighted", Omit<Scores, "support">>>;

export interface ClassificationGolden {
  readonly classes: number;
  readonly logits: Matrix;
  readonly truth: readonly number[];
  readonly confusion: Matrix;
  readonly accuracy: number;
  readonly balancedAccuracy: number;
  readonly perClass: readonly Scores[];
  readonly averages: Averages;
  readonly auroc: number;
  readonly ece: number;
  readonly brier: number;
  readonly loss: number;
  readonly top2: number;
}

export interface TaggingGolden {
  readonly truth: readonly (readonly string[])[];
  readonly predicted: readonly (readonly string[])[];
  readonly entities: readonly (readonly [type: string, start: number, end: number][])[];
  readonly byType: Readonly<Record<string, Scores>>;
  readonly averages: Averages;
  readonly tokenAccuracy: number;
}

interface MetricGoldens {
  readonly classification: readonly ClassificationGolden[];
  readonly binary: readonly {
    readonly scores: readonly number[];
    readonly positive: readonly number[];
    readonly auroc: number;
    readonly averagePrecision: number;
  }[];
  readonly multiLabel: {
    readonly logits: Matrix;
    readonly truth: Matrix;
    readonly subsetAccuracy: number;
    readonly averages: Averages;
    readonly auroc: number;
    readonly map: number;
  };
  readonly regression: readonly {
    readonly predicted: Matrix;
    readonly truth: Matrix;
    readonly rmse: number;
    readonly mae: number;
    readonly r2: number;
    readonly pearson: number;
    readonly spearman: number;
  }[];
  readonly tagging: readonly TaggingGolden[];
  readonly segmentation: {
    readonly classes: number;
    readonly ignored: number;
    readonly truth: readonly number[];
    readonly predicted: readonly number[];
    readonly iou: readonly number[];
    readonly miou: number;
    readonly pixelAccuracy: number;
  };
  readonly retrieval: {
    readonly similarity: Matrix;
    readonly partners: Matrix;
    readonly recall: Readonly<Record<string, number>>;
  };
  readonly language: {
    readonly logits: readonly Matrix[];
    readonly targets: Matrix;
    readonly perplexity: number;
    readonly tokenAccuracy: number;
  };
}

interface AnswerGoldens {
  readonly vqa: {
    readonly normalised: readonly (readonly [answer: string, normalised: string])[];
    readonly tables: readonly (readonly string[])[];
    readonly answers: readonly string[];
    readonly scores: Matrix;
  };
  readonly commonsense: readonly (readonly [set: string, text: string, answer: string | null])[];
}

/** By metric: the ends of its 95 % interval, and the deviation of the replicates. */
export type GoldenIntervals = Readonly<
  Record<string, { readonly low: number; readonly high: number; readonly deviation: number }>
>;

interface BootstrapGoldens {
  readonly classification: readonly GoldenIntervals[];
  readonly multiLabel: GoldenIntervals;
  readonly regression: readonly GoldenIntervals[];
  readonly tagging: readonly GoldenIntervals[];
}

/** Written by scripts/goldens/metrics.py. */
export const metricGoldens = read("metrics.json") as MetricGoldens;
/** Written by scripts/goldens/bootstrap.py, of the same examples. */
export const bootstrapGoldens = read("bootstrap.json") as BootstrapGoldens;
/** Written by scripts/goldens/answers.py. */
export const answerGoldens = read("answers.json") as AnswerGoldens;

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`./goldens/${name}`, import.meta.url), "utf8"));
}

/** A batch as a meter takes it, with a row of padding at the end and the examples in reverse. */
export function judgedBatch(
  rows: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
  dims: readonly number[],
): JudgedBatch {
  const padded = <T>(list: readonly T[]) => [...list].reverse().concat(list.slice(0, 1));
  const targetDims = targets[0]!.length === 1 ? [] : [targets[0]!.length];
  return {
    output: tensor("float32", [rows.length + 1, ...dims], Float32Array.from(padded(rows).flat())),
    targets: tensor("float32", [rows.length + 1, ...targetDims], Float32Array.from(padded(targets).flat())),
    indices: rows.map((_, i) => rows.length - 1 - i),
  };
}
