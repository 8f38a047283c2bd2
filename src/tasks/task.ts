import type { LossName } from "../autodiff/losses/registry.ts";
import type { Config } from "../config/schema.ts";
import type { TaskName } from "../config/task-names.ts";
import type { Dataset, Image, Labelling, Sample, SampleKind } from "../data/dataset.ts";
import type { ChatTemplate } from "../data/preprocess/chat-template.ts";
import type { Preprocessor } from "../data/preprocess/preprocessor.ts";
import type { Tokenizer } from "../data/preprocess/tokenizer.ts";
import type { Meter } from "../evaluation/meter.ts";
import type { HeadForm } from "../heads/new-head.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import type { Json, SampleRecord } from "../run/records.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What goes through a preprocessor of a task's own. */
export interface PreprocessorContext {
  readonly tokenizer: Tokenizer | null;
  /** What sets the turns of dialogues apart, where the model's folder says so. */
  readonly chatTemplate: ChatTemplate | null;
  /** Tokens that the model has embeddings of; null where its graph does not say. */
  readonly vocabulary: number | null;
  /** Token ids that stand for an image in front of a text. */
  readonly imageTokens: readonly number[];
  readonly classes: readonly string[];
  /** All settings of a run; of a model on its own those alone that were given. */
  readonly settings: Partial<Config>;
}

/** A network whose output is about to be compared with targets. */
export interface JudgedOutput {
  readonly model: Model;
  /** The logits: the model's output, or that of its new head. */
  readonly output: Value;
  /** What the loader gives as targets of one example, without the batch axis. */
  readonly targets: Shape;
}

/** Several outputs of a model, read as one. */
export interface OutputReading {
  readonly outputs: readonly string[];
  /** @param values of the outputs for a batch, float32 [B, …], in their order */
  combine(values: readonly Tensor<"float32">[]): Tensor<"float32">;
}

/** What a network said of one example. */
export interface Said {
  /** float32, a batch's output without its first axis. */
  readonly output: Tensor<"float32">;
  /** What it was asked about, as it was prepared for the model. */
  readonly sample: Sample;
  /** What made tokens of texts; null where the model takes none. */
  readonly tokenizer: Tokenizer | null;
  /** Names of classes; those without a name are called by their number. */
  readonly classes: readonly string[];
}

/** An answer as `predict` gives it. */
export interface Answer {
  /** For a line of JSON. */
  readonly fields: Readonly<Record<string, Json>>;
  /** For a row of CSV: the same names for every example. */
  readonly columns: readonly (readonly [name: string, value: string | number])[];
}

/** What becomes of all answers together, where each is a place among things that were asked about. */
export interface Ranking {
  /** @param name what the example is called */
  add(said: Said, name: string): void;
  /** One answer for each thing that was asked about. @param top how many of the nearest each names */
  answers(top: number): Iterable<Answer & { readonly input: string }>;
}

/** An answer as a picture, which `predict` writes to a file. */
export interface Drawing {
  /** Put between the name of the input and `.png`. */
  readonly suffix: string;
  readonly png: Uint8Array<ArrayBuffer>;
}

/** The part of a sample's record that the task decides. */
export type ShownAnswer = Omit<SampleRecord, "set" | "kind" | "name" | "png" | "text">;

/**
 * What is learned, and how it is judged: the one place that knows what labels, outputs and answers of a kind look like.
 * A new task is one file with one of these, its entry in `registry.ts` and its name in `config/task-names.ts`.
 */
export interface Task {
  readonly name: TaskName;
  /** One sentence for help: what goes in and what comes out. */
  readonly summary: string;
  /** The kinds of samples that it takes. */
  readonly samples: readonly SampleKind[];
  /** What its examples are labelled with, which readers look for. */
  readonly labelling: Labelling;
  /** Whether `dataset.classes` names the outputs. */
  readonly hasClasses: boolean;
  /** Metrics that its meter gives; the first chooses the kept model where settings name none. */
  readonly metrics: readonly string[];
  /** What a new head is put on, and so the shape of the logits; null where the model's own output stays. */
  readonly head: HeadForm | null;
  /** Whether the model answers by writing, token by token, and is judged by what it writes too. Default false. */
  readonly writes?: boolean;
  /** Whether several of its examples can stand in one row (`preprocess.packing`). Default false. */
  readonly packs?: boolean;
  /** Outputs of a head for each vector. @param train the training set */
  width(train: Dataset): number;
  /** The loss where settings name none. */
  readonly loss: LossName;
  /** Nodes between the logits and the loss that the exported model shall not have; the logits themselves if left out. */
  judged?(output: JudgedOutput): Value;
  /**
   * The same for a model on its own, whose outputs are what its file gives: which of them are read, and what is made of
   * them; the first output as it is if left out.
   */
  answerOf?(model: Model): OutputReading;
  /** What samples go through, where that is not what the model alone says. @param base what the model says */
  preprocessor?(base: Preprocessor, context: PreprocessorContext): Preprocessor;
  meter(classes: readonly string[]): Meter;
  /** One prediction, for whoever asked. @param top how many of several answers to give */
  answer(said: Said, top: number): Answer;
  /** For a task whose predictions are told once all examples were seen, in place of one for each. */
  ranking?(): Ranking;
  /** One prediction beside the truth, for the report. @param target what the loader gave for the example, without the batch axis */
  show(said: Said, target: Tensor): ShownAnswer;
  /** One prediction as pictures of the size of the image that was asked about. */
  draw?(said: Said): Promise<readonly Drawing[]>;
  /** What the report shows of an example, its answer and the truth; the example itself if left out. */
  picture?(said: Said, target: Tensor): Image;
  /** What Python's Transformers calls a network for this on each kind of data: `BertModel` becomes `BertFor…`. */
  readonly architectures: Readonly<Partial<Record<SampleKind, string>>>;
  /** What a `config.json` says of a model that does this; it tells such a model, too. */
  readonly problemType: string | null;
}
