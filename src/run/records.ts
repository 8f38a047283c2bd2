/**
 * What a run folder holds, file by file. Every record is plain JSON; a number that is not finite is written as
 * the string "NaN", "Infinity" or "-Infinity" and read back as that number.
 *
 *     config.yaml        every setting of the run, defaults included
 *     environment.json   EnvironmentRecord
 *     summary.json       RunSummary; status "running" from the start until the run ends
 *     steps.jsonl        StepRecord, one line per logged step
 *     layers.jsonl       LayerRecord, one line per parameter tensor and logging interval
 *     evaluations.jsonl  EvaluationRecord, one line per set and evaluation
 *     samples.jsonl      SampleRecord, one line per shown example
 *     interpolation.json InterpolationRecord, where `holdfast interpolate` was run
 *     network.svg        a picture of the trained network
 *     checkpoint/        what `resume` needs
 *     model/             the exported model
 *     adapter/           adapters of their own, as Python PEFT has them, where some were trained
 */

/** JSON without undefined: what a configuration may hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where, with what and how the run was started. */
export interface EnvironmentRecord {
  /** Version of holdfast. */
  readonly holdfast: string;
  /** The host language's version, such as `v20.20.0`. */
  readonly node: string;
  /** Operating system and architecture, such as `linux x64`. */
  readonly platform: string;
  readonly cpu: string;
  /** Threads of the machine. */
  readonly threads: number;
  readonly memoryBytes: number;
  /** What ran the graphs, such as `onnxruntime-node 1.30.0, cpu`. */
  readonly runtime: string;
  /** Versions of the packages that can change a result, by name. */
  readonly packages: Readonly<Record<string, string>>;
  /** Every seed, by purpose. */
  readonly seeds: Readonly<Record<string, number>>;
  /** Commit of the folder that the run was started in, where that is a git checkout. */
  readonly gitCommit?: string;
  /** The shell command that repeats the run. */
  readonly command: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** One optimizer step, or the means over the steps since the last record. */
export interface StepRecord {
  /** Optimizer steps done, 1 after the first. */
  readonly step: number;
  /** Passes over the training set done, with a fraction. */
  readonly epoch: number;
  /** Mean training loss per example. */
  readonly loss: number;
  readonly lr: number;
  /** Euclidean norm of the whole gradient before clipping. */
  readonly gradientNorm: number;
  readonly examplesPerSecond: number;
  /** Seconds of training since the run began, time before a resume included. */
  readonly seconds: number;
  /** Resident memory of the process. */
  readonly memoryBytes?: number;
}

/** What happened to one parameter tensor during the optimizer steps `step − steps + 1 … step`. */
export interface LayerRecord {
  readonly step: number;
  /** Optimizer steps in this interval; the shares below are of these. */
  readonly steps: number;
  /** The parameter's name in the ONNX file. */
  readonly name: string;
  /** Place in the network, 0 nearest the input; several tensors of one layer may share it. */
  readonly depth: number;
  /** What the tensor is: `weight`, `bias`, `norm`, `embedding`, `head`, … */
  readonly role: string;
  /** Number of elements. */
  readonly elements: number;
  /** Whether an anchor rule of nonzero strength acts on this tensor. */
  readonly anchored: boolean;
  /** Share of steps in [0, 1] whose gradient pointed back to the anchor: c = −⟨g, θ − θ0⟩ < 0. */
  readonly condition: number;
  /** Share of steps in [0, 1] in which the anchor rule moved the tensor. */
  readonly fired: number;
  /** Mean of the ratio r over the steps that fired; 0 if none did. */
  readonly ratio: number;
  /** ‖θ − θ0‖ at `step`, where θ0 is the anchor, or the value before training where no rule is anchored. */
  readonly deviation: number;
  /** ‖θ‖ at `step`. */
  readonly norm: number;
}

/** What a set is for: `validation` selects, `test` judges in distribution, `shift` judges out of distribution. */
export type SetKind = "train" | "validation" | "test" | "shift";

/** Which weights were judged: before training, as they stood at `step`, or the kept ones. */
export type EvaluatedModel = "initial" | "current" | "best";

/** Ends of the 95 % intervals of metrics, by name, where they are known. */
export type IntervalRecords = Readonly<Record<string, readonly [low: number, high: number]>>;

/** One model on one set. */
export interface EvaluationRecord {
  /** Optimizer steps that the judged weights had seen. */
  readonly step: number;
  readonly epoch: number;
  readonly model: EvaluatedModel;
  readonly set: string;
  readonly kind: SetKind;
  /** Examples judged. */
  readonly count: number;
  /** Models that write: how many examples were asked, where that is fewer. Shares of right answers are of these. */
  readonly asked?: number;
  /** By name, as `evaluation/metric-facts.ts` knows them: `loss`, `accuracy` (a share in [0, 1]), … */
  readonly metrics: Readonly<Record<string, number>>;
  readonly intervals?: IntervalRecords;
  /**
   * Of the initial and the kept model: each metric in bootstrap replicates of the set, base64 of float32, little-endian.
   * Replicate r of two records of one set is of the same examples, so that their differences are paired.
   */
  readonly draws?: Readonly<Record<string, string>>;
  /** Counts, or sums of weights, [true class][predicted class]. */
  readonly confusion?: readonly (readonly number[])[];
  /**
   * One bit per judged example (per asked one, of models that write) in the set's own order, 1 = right: base64, example i at bit i % 8 of
   * byte ⌊i / 8⌋. With it two models are compared in pairs, which tells smaller differences apart.
   */
  readonly correct?: string;
  /** Classifiers, of the initial and the kept model: how sure it was against how often it was right, by bins of equal width over [0, 1]. */
  readonly reliability?: readonly ReliabilityBinRecord[];
  /** By label, type of entity, class of pixel or output, of the initial and the kept model. */
  readonly parts?: readonly PartRecord[];
  /** Regression, of the initial and the kept model: some examples of each output. */
  readonly pairs?: readonly PairsRecord[];
}

/** Examples of which a classifier was about equally sure. */
export interface ReliabilityBinRecord {
  /** Examples, or the sum of their weights. */
  readonly count: number;
  /** Mean probability of the predicted class. */
  readonly confidence: number;
  /** Share of right answers. */
  readonly accuracy: number;
}

/** One label, type, class or output of a set. */
export interface PartRecord {
  readonly name: string;
  /** Examples, entities or pixels that truly are of it; the sum of their weights where metrics are weighted. */
  readonly count: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** True and predicted numbers. */
export interface PairsRecord {
  /** Of the output; empty where there is only one. */
  readonly name: string;
  readonly points: readonly (readonly [truth: number, predicted: number])[];
}

/** A prediction of the kept model on one example. */
export interface SampleRecord {
  readonly set: string;
  readonly kind: SetKind;
  /** The example's file name or row. */
  readonly name: string;
  /** Classifiers: index into the summary's classes. */
  readonly label?: number;
  readonly predicted?: number;
  /** One probability per class. */
  readonly probabilities?: readonly number[];
  /** Other tasks: the truth and the answer in words, and whether the answer counts as right. */
  readonly expected?: string;
  readonly answer?: string;
  readonly right?: boolean;
  /** A small PNG, base64 without a prefix. */
  readonly png?: string;
  /** The example itself where it is text. */
  readonly text?: string;
}

/** Update rule × anchor rule. */
export interface MethodRecord {
  /** For people: `Adam + SPD`. */
  readonly name: string;
  /** `adam`, `sgd`, … */
  readonly updateRule: string;
  /** `none`, `weight-decay`, `l2-sp`, `spd`, … */
  readonly anchorRule: string;
  /** λ. */
  readonly strength: number;
}

/** The first and the kept model on one set. */
export interface SetSummary {
  readonly set: string;
  readonly kind: SetKind;
  readonly count: number;
  /** As in EvaluationRecord. */
  readonly asked?: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly intervals?: IntervalRecords;
  /** The same metrics before training. */
  readonly initial?: Readonly<Record<string, number>>;
  /** Which examples were right, as in EvaluationRecord; of models on the way between two others. */
  readonly correct?: string;
}

/** `running` in a folder whose process is gone means that it was killed. */
export type RunStatus = "running" | "finished" | "stopped" | "failed";

/** What the run is and how it ended. */
export interface RunSummary {
  readonly name: string;
  readonly status: RunStatus;
  /** Why it ended early or failed: `SIGINT`, `early stopping`, the error's message. */
  readonly reason?: string;
  /** `classification`, … */
  readonly task: string;
  readonly method: MethodRecord;
  /** The model that was fine-tuned, as the user named it. */
  readonly model: string;
  /** Where the classifier comes from: with a `new` one the initial model knows nothing of the task. */
  readonly head: "kept" | "new" | "zero-shot";
  /** In the order of the model's output. */
  readonly classes: readonly string[];
  /** The set and metric that chose the kept model, and whether a higher value is better. */
  readonly selection: { readonly set: string; readonly metric: string; readonly higherIsBetter: boolean };
  /** Examples trained on. */
  readonly trainCount: number;
  /** What a reader of the results should know of data and network, a sentence each. */
  readonly notes?: readonly string[];
  readonly trainableParameters: number;
  readonly totalParameters: number;
  /** Optimizer steps done so far. */
  readonly steps: number;
  /** Step of the kept model; 0 is the initial model. */
  readonly bestStep?: number;
  /** The kept model on every set; empty until the run ends. */
  readonly sets: readonly SetSummary[];
  /** ‖θ − θ0‖ of the kept model over all anchored tensors together. */
  readonly deviation?: number;
  /** Share of tensor-steps, anchored tensors only, in which the anchor rule moved something. */
  readonly firingRate?: number;
  /** Seconds from start to end, all of it. */
  readonly seconds: number;
}

/** A model between two others on every set. */
export interface InterpolationPoint {
  /** θ = (1 − share) θ0 + share θ1; 0 is the model before fine-tuning. */
  readonly share: number;
  readonly sets: readonly SetSummary[];
}

/** The line between the pretrained and the fine-tuned weights (WiSE-FT), walked and judged. */
export interface InterpolationRecord {
  /** The model at 0: a path. */
  readonly from: string;
  readonly points: readonly InterpolationPoint[];
  /** The share that validation chose. */
  readonly chosen: number;
}
