import type { Tensor } from "../tensor/tensor.ts";
import type { ReliabilityBin } from "./calibration.ts";

/** What a network said of a batch, and what would have been right. */
export interface JudgedBatch {
  /** float32 [B, …]; rows from `indices.length` on are padding. */
  readonly output: Tensor<"float32">;
  /** What the loss takes, as the loader made it: class indices, numbers, … */
  readonly targets: Tensor;
  /** Positions in the dataset of the first rows. */
  readonly indices: readonly number[];
  /** How much each row counts in the metrics, float32 [B]; 1 each if absent. */
  readonly weights?: Tensor<"float32">;
}

/** How a class, a label, a type of entity or one of several outputs did. */
export interface JudgedPart {
  readonly name: string;
  /** Examples, entities or pixels that truly are of it; the sum of their weights where they have some. */
  readonly count: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** True and predicted numbers of some examples, for a picture. */
export interface JudgedPairs {
  /** Of the output; empty where there is only one. */
  readonly name: string;
  readonly points: readonly (readonly [truth: number, predicted: number])[];
}

/** What is worth a table or a picture beside the metrics. */
export interface JudgementDetails {
  readonly reliability?: readonly ReliabilityBin[];
  readonly parts?: readonly JudgedPart[];
  readonly pairs?: readonly JudgedPairs[];
}

/** What came of judging a set. */
export interface Judgement extends JudgementDetails {
  /** Examples judged. */
  readonly count: number;
  /** By name, as `metric-facts.ts` knows them. */
  readonly metrics: Readonly<Record<string, number>>;
  /**
   * What the metrics would be in bootstrap replicates of the set, from which intervals follow; replicate r of two models
   * on one set is of the same examples. Shares of examples that all count alike have none.
   */
  readonly draws?: Readonly<Record<string, Float64Array>>;
  /** Counts, or sums of weights, [true class][predicted class], for classifiers. */
  readonly confusion?: readonly (readonly number[])[];
  /** Whether each example was right, by its position in the set: bit i % 8 of byte ⌊i / 8⌋. */
  readonly correct?: Uint8Array;
  /** How wrong each example is, by its position in the set: 0 where it is right, and more the worse it is. */
  readonly wrongness: ArrayLike<number>;
}

/** Gathers what is to be judged batch by batch, in any order, each example once. An example of weight 2 counts as two. */
export interface Meter {
  add(batch: JudgedBatch): void;
  result(): Judgement;
}

/** How much a row of a batch counts. */
export function weightOf({ weights }: JudgedBatch, row: number): number {
  return weights?.data[row] ?? 1;
}
