import type { EvaluatedModel, SetKind } from "../run/records.ts";

/** What a run tells whoever watches it. Plain data, so that it can cross to another thread. */
export type TrainingEvent =
  | { readonly kind: "phase"; readonly text: string }
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "loading"; readonly set: string; readonly done: number; readonly total: number }
  | {
      readonly kind: "plan";
      readonly totalSteps: number;
      /** Steps done before this start; more than 0 in a resumed run. */
      readonly startStep: number;
      readonly trainCount: number;
      readonly batchSize: number;
      readonly parameters: number;
      readonly tensors: number;
      readonly runtime: string;
    }
  | {
      readonly kind: "step";
      readonly step: number;
      readonly totalSteps: number;
      /** Passes over the training set, with a fraction. */
      readonly epoch: number;
      readonly loss: number;
      readonly lr: number;
      /** Tensors in which the anchor rule moved something, of how many. */
      readonly fired: number;
      readonly tensors: number;
      readonly examples: number;
    }
  | { readonly kind: "evaluating"; readonly set: string; readonly done: number; readonly total: number }
  | {
      readonly kind: "evaluation";
      readonly step: number;
      readonly epoch: number;
      readonly model: EvaluatedModel;
      readonly set: string;
      readonly setKind: SetKind;
      readonly count: number;
      readonly metrics: Readonly<Record<string, number>>;
      /** The metric that chooses the kept model. */
      readonly chosenBy: string;
    }
  | { readonly kind: "checkpoint"; readonly step: number };
