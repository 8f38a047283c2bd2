import type { Value } from "../../onnx/value.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";

/** What a loss can be told. Which of these a loss takes stands on its record; the others it refuses. */
export interface LossOptions {
  /** Losses of classes: the axis of the output that holds the classes; −1 if left out. */
  readonly classAxis?: number;
  /** Losses of classes: targets with this value count for nothing; −100 if left out. */
  readonly ignoreIndex?: number;
  /** Share of the target mass that is spread evenly over all classes (both answers, for `bce`); 0 if left out. */
  readonly labelSmoothing?: number;
  /** One factor for each class on the targets of that class; 1 if left out. */
  readonly classWeights?: readonly number[];
  /** Focal losses: γ, how fast a target that is predicted well stops counting; 2 if left out. */
  readonly gamma?: number;
  /** `binary-focal`: factor α on positive targets, 1 − α on the others; neither if left out. */
  readonly alpha?: number;
  /** `bce`: factor on positive targets, one for all or one for each entry of the last axis; 1 if left out. */
  readonly positiveWeight?: number | readonly number[];
  /** `huber`: the error at which the square becomes a line; 1 if left out. */
  readonly delta?: number;
  /** Whether the graph asks for `target_weights`, a factor for each example; it does not if left out. */
  readonly weighted?: boolean;
}

/** A loss appended to a graph. */
export interface LossNodes {
  /** The new graph input that takes the targets. */
  readonly targets: Value;
  /** The new graph input `target_weights`, float32 [B], ≥ 0; null unless asked for. */
  readonly weights: Value | null;
  /** float32 scalar. */
  readonly loss: Value;
  /** The derivative of the loss with respect to the output it was built on, in closed form. */
  readonly gradient: () => Value;
  /** float32 [B]: 1 for the examples of which a target counts, 0 for the others, such as the padding of a short batch. */
  readonly rows: () => Value;
}

/** One loss: what it takes, and how it is written into a graph. */
export interface Loss {
  /** One line for --help. */
  readonly summary: string;
  /** The options that mean something to it, besides `weighted`, which all take. */
  readonly options: readonly (keyof LossOptions)[];
  /** float32 scalar on `output`: a mean over the targets that count, weighted by example where asked for. */
  readonly build: (b: OpBuilder, output: Value, options: LossOptions) => LossNodes;
}
