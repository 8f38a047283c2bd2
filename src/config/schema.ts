import { z } from "zod";
import { depthSchedules } from "../optim/depth-schedule.ts";
import { augmentationSchema } from "./augmentation-settings.ts";
import { hyperparameterSettings } from "./hyperparameter-settings.ts";
import { dialogueSchema, generationSchema } from "./language-settings.ts";
import { lossNames } from "./losses.ts";
import { methods, peftNames } from "./methods.ts";
import { anchorOptionsSchema, anchorRuleSchema, updateRuleSchema } from "./rule-settings.ts";
import { taskNames } from "./task-names.ts";

// z.enum needs a non-empty tuple; the lists it is given here are constants with entries.
const nonEmpty = (names: readonly string[]) => names as [string, ...string[]];

const count = () => z.int().min(1);
const share = () => z.number().min(0).max(1);

const headSchema = z
  .strictObject({
    mode: z
      .enum(["auto", "keep", "new", "zero-shot"])
      .default("auto")
      .describe(
        "keep the classifier, replace it by a new one, or by one made of the class names by a text tower (CLIP); auto keeps it only if it has as many outputs as the data has classes",
      ),
    from: z
      .string()
      .optional()
      .describe(
        "value of the graph that a new head reads; found by walking back from the output if left out",
      ),
    pooling: z
      .enum(["auto", "mean", "max", "first", "last", "none"])
      .default("auto")
      .describe(
        "how a map or a sequence becomes one vector before a new head; mean, max and last see those positions that the attention mask counts",
      ),
    hidden: count()
      .optional()
      .describe(
        "units of a hidden layer of a new head, which is linear if left out; fcn and decoder: channels, 64",
      ),
    activation: z.enum(["gelu", "relu", "tanh"]).default("gelu").describe("behind the hidden layer"),
    map: z
      .enum(["linear", "fcn", "decoder"])
      .default("linear")
      .describe(
        "segmentation: one layer on each place; a 3×3 convolution before it; or the feature enlarged and added to a finer map",
      ),
    skip: z
      .string()
      .optional()
      .describe("decoder: value of the graph with the finer map; the last of twice the size if left out"),
    output: z
      .string()
      .optional()
      .describe("output of the model that answers the task; the first if left out"),
    textModel: z
      .string()
      .optional()
      .describe(
        "zero-shot: the .onnx file or folder of the text tower; text_model.onnx beside the model, or the model itself, if left out",
      ),
    templates: z
      .union([z.string(), z.array(z.string()).min(1)])
      .optional()
      .describe(
        "zero-shot: sentences with {} for the class name, a list of them or a text file with one on each line; a few about photos if left out",
      ),
    logitScale: z
      .number()
      .positive()
      .optional()
      .describe("zero-shot: factor on the cosines; the model's, or 100 where no file tells it, if left out"),
  })
  .prefault({})
  .describe("the classifier");

const optimizerSchema = z
  .strictObject({
    rule: updateRuleSchema.optional().describe("update rule; the method's if left out"),
    lr: z.number().positive().default(1e-4).describe("peak learning rate"),
    headLrScale: z.number().positive().default(1).describe("factor on the learning rate of a new head"),
    ...hyperparameterSettings,
    anchor: anchorRuleSchema.optional().describe("anchor rule; the method's if left out"),
    strength: z
      .number()
      .min(0)
      .optional()
      .describe("λ of the anchor rule. SPD: start from 1, it is not multiplied by lr; weight decay: 0.01"),
    anchorAt: z
      .string()
      .default("init")
      .describe(
        "what is held to: init (the values that training starts from), zero, or a model or .safetensors file whose tensors bear the parameters' names",
      ),
    anchorOptions: anchorOptionsSchema.prefault({}),
    strengthByDepth: z
      .enum(depthSchedules)
      .optional()
      .describe(
        "how the strength falls from the first block of the network to the last; constant, or the method's, if left out",
      ),
    holdVectors: z
      .boolean()
      .default(true)
      .describe("whether the anchor rule acts on biases and other tensors of rank 1 too"),
    clipNorm: z
      .number()
      .positive()
      .nullable()
      .default(1)
      .describe("largest global norm of the gradient; null for no clipping"),
    ema: z
      .number()
      .min(0)
      .lt(1)
      .optional()
      .describe(
        "decay of a moving average of the weights, which is judged and kept in their place; 0.999, say",
      ),
    layerDecay: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe(
        "factor on the learning rate from each block of the network to the one before it; 1, or the method's, if left out",
      ),
    accumulate: count().default(1).describe("batches whose gradients are averaged for one step"),
  })
  .prefault({});

const probeSchema = z
  .strictObject({
    share: z
      .number()
      .min(0)
      .lt(1)
      .optional()
      .describe(
        "share of the steps in which the head is trained alone, before all is; 0, or the method's, if left out",
      ),
    lr: z.number().positive().optional().describe("peak learning rate of that; optimizer.lr if left out"),
  })
  .prefault({})
  .describe("linear probing first");

const distillationSchema = z
  .strictObject({
    strength: z.number().min(0).optional().describe("factor on the term; 0, or the method's, if left out"),
    at: z
      .enum(["auto", "logits", "features"])
      .default("auto")
      .describe(
        "the classes' probabilities, or what the classifier reads; auto takes features where the head is new",
      ),
    temperature: z.number().positive().default(2).describe("softens the probabilities that are compared"),
  })
  .prefault({})
  .describe("holds the model's function to the pretrained model's, on the batches that it is trained on");

const maskingSchema = z
  .strictObject({
    share: z.number().gt(0).lt(1).default(0.15).describe("share of each text's tokens that is to be found"),
  })
  .prefault({})
  .describe("what masked-lm hides");

const peftSchema = z
  .strictObject({
    method: z
      .enum(["none", ...peftNames])
      .optional()
      .describe("adapters that are trained in place of the weights; the method's if left out"),
    targets: z
      .string()
      .default("all-linear")
      .describe("layers that get one: all-linear, or a regular expression on module paths or weight names"),
    rank: count()
      .optional()
      .describe(
        "LoRA and DoRA: rank of the update, 8 if left out; adapters: hidden units, 64; prompt: vectors, 20",
      ),
    alpha: z
      .number()
      .positive()
      .optional()
      .describe("LoRA: the update is scaled by alpha / rank; 2 · rank if left out"),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe("LoRA: share of the inputs that its branch does not see in a step"),
    rsLora: z.boolean().default(false).describe("LoRA: scale by alpha / √rank"),
    init: z
      .enum(["default", "gaussian", "pissa", "normal"])
      .default("default")
      .describe(
        "where it starts; LoRA: gaussian or pissa (the weight's leading singular vectors); adapters: normal, which is not where the model was",
      ),
    anchor: z
      .enum(["zero", "init"])
      .default("zero")
      .describe(
        "where anchor rules hold the matrices that start at random; B and `up` are held to zero, gains to their start",
      ),
    activation: z
      .enum(["tanh", "relu", "gelu"])
      .default("tanh")
      .describe("adapters: between the two matrices"),
    placement: z
      .enum(["before", "after"])
      .default("after")
      .describe(
        "series adapters: on what a layer reads, or on what it gives; prompt: before the first token or behind it",
      ),
    feedforward: z
      .string()
      .optional()
      .describe("(IA)³: regular expression on module paths; these get gains on their inputs"),
  })
  .prefault({})
  .describe("few new parameters beside frozen weights");

const maskSchema = z
  .strictObject({
    share: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe(
        "share of the pretrained elements that is trained: those with the largest gradients at the start; 1, or the method's, if left out",
      ),
    batches: count().default(16).describe("batches that the gradients are taken over"),
  })
  .prefault({})
  .describe("trains a few elements of every weight; a new head is trained whole");

const scheduleSchema = z
  .strictObject({
    name: z
      .enum(["constant", "linear", "cosine"])
      .default("cosine")
      .describe("course of the learning rate after warm-up"),
    warmup: share().default(0.1).describe("share of all steps over which the learning rate rises"),
    floor: share().default(0).describe("factor on the learning rate at the end"),
  })
  .prefault({});

const groupSchema = z.strictObject({
  name: z.string(),
  match: z.string().optional().describe("regular expression on parameter names"),
  role: z.enum(["head", "norm", "bias", "embedding", "other"]).optional(),
  lrScale: z.number().min(0).optional(),
  rule: anchorRuleSchema.optional().describe("anchor rule in place of the run's"),
  anchorOptions: anchorOptionsSchema.optional(),
  strength: z.number().min(0).optional(),
  anchor: z
    .string()
    .optional()
    .describe("what its parameters are held to: init, zero, none, or a file as optimizer.anchorAt"),
  rest: z.boolean().optional().describe("takes what the other groups leave"),
  frozen: z.boolean().optional(),
});

const datasetSchema = z
  .strictObject({
    format: z
      .string()
      .optional()
      .describe(
        "image-folder, mask-folder, audio-folder, npz, safetensors, idx, csv, tsv, jsonl, json or parquet; detected if left out",
      ),
    labelColumn: z.string().optional().describe("tables: column of the label; label if left out"),
    labelColumns: z
      .array(z.string())
      .optional()
      .describe(
        "tables: columns of 0 and 1, one for each of several classes, or columns of numbers to predict",
      ),
    labelSeparator: z
      .string()
      .min(1)
      .optional()
      .describe("tables: what stands between several classes in one string; ; and | if left out"),
    groupColumn: z
      .string()
      .optional()
      .describe("tables: column whose equal values stay in one set, such as a patient's"),
    weightColumn: z.string().optional().describe("tables: column of how much an example counts in the loss"),
    textColumn: z
      .string()
      .optional()
      .describe("tables: column of texts or of lists of words; text, sentence or tokens if left out"),
    pairColumn: z.string().optional().describe("tables: column of second texts, for pairs"),
    promptColumn: z
      .string()
      .optional()
      .describe(
        "tables of dialogues: column of prompts; messages, instruction, prompt or question if left out",
      ),
    responseColumn: z
      .string()
      .optional()
      .describe(
        "tables of dialogues: column of responses; output, response, completion or answer if left out",
      ),
    answerColumn: z
      .string()
      .optional()
      .describe("tables of dialogues: column of what must be found in a response; answer if left out"),
    imageColumn: z.string().optional().describe("tables: column of images or of image paths"),
    audioColumn: z.string().optional().describe("tables: column of WAV files or of their paths"),
    maskColumn: z.string().optional().describe("tables: column of masks; mask or annotation if left out"),
    classFile: z
      .string()
      .optional()
      .describe("masks: file that names the classes; classes.txt or classes.json beside them if left out"),
    ignoreIndex: z
      .union([z.int().min(0), z.array(z.int().min(0))])
      .nullable()
      .default(255)
      .describe("masks: number of pixels that do not count, or several"),
    featureColumns: z
      .array(z.string())
      .optional()
      .describe("tables: columns of numbers that go to the model; all but the labels' if left out"),
    labelPieces: z
      .enum(["first", "all"])
      .default("first")
      .describe("token classification: which pieces of a word bear its class"),
    validationFraction: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.1)
      .describe("share of the training set that is held out where no validation set is given"),
    onBroken: z
      .enum(["error", "skip"])
      .default("error")
      .describe("what to do with examples that cannot be decoded"),
    cacheMegabytes: z.number().min(0).default(512).describe("memory for decoded examples"),
  })
  .prefault({});

const preprocessSchema = z
  .strictObject({
    resample: z.enum(["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"]).optional(),
    rescale: z.number().positive().optional().describe("factor on pixels 0 … 255"),
    mean: z.array(z.number()).optional().describe("subtracted after rescaling, one number per channel"),
    std: z.array(z.number().positive()).optional().describe("divided by, one number per channel"),
    channelOrder: z.enum(["rgb", "bgr"]).optional(),
    size: z
      .tuple([count(), count()])
      .optional()
      .describe("height and width, for a model whose input leaves them open"),
    maxLength: count()
      .optional()
      .describe(
        "texts: most tokens; longer ones are cut. What the tokenizer says the model takes, if left out",
      ),
    buckets: z
      .union([count(), z.array(count()).nonempty()])
      .optional()
      .describe(
        "texts: how many lengths batches are filled up to, each a session of its own, or the lengths themselves; up to 5, where they spare tokens, if left out",
      ),
  })
  .prefault({})
  .describe("overrides what preprocessor_config.json beside the model says");

const lossSchema = z
  .strictObject({
    name: z
      .enum(["auto", ...lossNames])
      .default("auto")
      .describe("auto is the task's own"),
    labelSmoothing: z
      .number()
      .min(0)
      .lt(1)
      .optional()
      .describe("share of the target that is spread evenly over the classes; 0 if left out"),
    classWeights: z
      .union([z.enum(["none", "balanced"]), z.record(z.string(), z.number().min(0))])
      .default("none")
      .describe(
        "factors on the examples of classes: balanced makes all classes weigh alike in the training set; or class=number, 1 for those left out",
      ),
    gamma: z
      .number()
      .min(0)
      .optional()
      .describe("focal losses: how fast a target that is predicted well stops counting; 2 if left out"),
    alpha: z
      .number()
      .min(0)
      .lt(1)
      .optional()
      .describe("binary-focal: factor on positive targets, 1 - alpha on the others; neither if left out"),
    positiveWeight: z
      .union([z.literal("balanced"), z.number().positive()])
      .optional()
      .describe(
        "bce: factor on positive targets, 1 if left out; balanced gives each label as much weight where it stands as where it does not",
      ),
    delta: z
      .number()
      .positive()
      .optional()
      .describe("huber: the error at which the square becomes a line; 1 if left out"),
  })
  .prefault({})
  .describe("what is minimised, as a mean over the examples");

const evaluationSchema = z
  .strictObject({
    every: z
      .union([z.literal("epoch"), count()])
      .default("epoch")
      .describe("epoch, or a number of steps"),
    atStart: z
      .boolean()
      .default(true)
      .describe("evaluate before the first step; a new head on the validation set alone"),
    shiftsWhileTraining: z
      .boolean()
      .default(true)
      .describe("evaluate test and shifted sets each time, or only at the end"),
    examples: count()
      .optional()
      .describe("at most so many examples of each set, spread evenly over it; all if left out"),
    metric: z
      .string()
      .optional()
      .describe(
        "what chooses the kept model, on the validation set: the task's first metric if left out, or loss",
      ),
    patience: count().optional().describe("evaluations without improvement before training stops"),
  })
  .prefault({});

const checkpointSchema = z
  .strictObject({
    every: count().optional().describe("steps between checkpoints; at each evaluation if left out"),
    keep: count().default(2).describe("checkpoints to keep"),
  })
  .prefault({});

const runtimeSchema = z
  .strictObject({
    prefer: z
      .enum(["auto", "native", "wasm"])
      .default("auto")
      .describe("which build of ONNX Runtime runs the graphs"),
    threads: count().optional().describe("threads inside one operator; ONNX Runtime decides if left out"),
  })
  .prefault({});

const exportSchema = z
  .strictObject({
    names: z
      .enum(["kept", "transformers"])
      .default("kept")
      .describe(
        "names of inputs and output in the written model: its own, or those that pipelines of Transformers.js feed and read (pixel_values, input_ids, attention_mask, token_type_ids; logits, without a softmax)",
      ),
    modelType: z
      .string()
      .optional()
      .describe(
        "model_type for config.json where the model came without one, such as vit, resnet or bert: pipelines of Transformers.js look a class up by it; custom if left out, which its AutoModel loads",
      ),
  })
  .prefault({})
  .describe("the written model");

/** Every setting of a fine-tuning run. The same keys serve the YAML file, the flags and the library. */
export const configSchema = z.strictObject({
  model: z.string().describe("an .onnx file, or a folder with onnx/model.onnx as Transformers.js has it"),
  fix: z
    .record(z.string(), z.number())
    .default({})
    .describe(
      "one value for good for inputs of the model, such as sr=16000, so that branches they decide are decided; the model that is written still takes them",
    ),
  data: z
    .string()
    .describe(
      "training data: a folder with a sub-folder per class (or train/, val/, test/), .csv, .tsv, .jsonl, .parquet, .npz or IDX",
    ),
  validation: z.string().optional().describe("validation data; a share of the training data if left out"),
  test: z.string().optional().describe("test data of the same distribution"),
  shifts: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      "named sets from another distribution, never trained on: paths, or corruption:NAME:SEVERITY of the test set; corruption:fog:1-5 is five sets, corruption:*:3 all that fit",
    ),
  task: z
    .enum(taskNames)
    .default("classification")
    .describe("what is learned: what labels, outputs and metrics are"),
  out: z.string().describe("folder of the run"),
  overwrite: z.boolean().default(false).describe("replace a run that is in the folder already"),
  method: z
    .enum(nonEmpty(methods.map((m) => m.name)))
    .default("spd")
    .describe("which weights are trained and how they are held to the pretrained ones"),
  trainable: z
    .string()
    .optional()
    .describe(
      "all, head, bias, bias+norm, blocks:FROM-TO, a regular expression on parameter names, or but: and one, for all others (but:embeddings); the method's if left out",
    ),
  epochs: z.number().positive().default(5).describe("passes over the training data"),
  steps: count().optional().describe("optimizer steps, instead of epochs"),
  batchSize: count().default(32),
  seed: z.int().min(0).default(0),
  head: headSchema,
  peft: peftSchema,
  optimizer: optimizerSchema,
  probe: probeSchema,
  distillation: distillationSchema,
  mask: maskSchema,
  schedule: scheduleSchema,
  groups: z
    .array(groupSchema)
    .default([])
    .describe("settings for some of the parameters; no two may take the same one"),
  dataset: datasetSchema,
  preprocess: preprocessSchema,
  masking: maskingSchema,
  augmentation: augmentationSchema,
  loss: lossSchema,
  dialogue: dialogueSchema,
  generation: generationSchema,
  evaluation: evaluationSchema,
  checkpoint: checkpointSchema,
  runtime: runtimeSchema,
  export: exportSchema,
  report: z.boolean().default(true).describe("write report.html at the end"),
  tensorboard: z.boolean().default(false).describe("write TensorBoard events too"),
  csv: z.boolean().default(false).describe("write the records as CSV too"),
});

/** All settings of a run, defaults filled in. */
export type Config = z.output<typeof configSchema>;
/** What a user writes: everything with a default may be left out. */
export type ConfigInput = z.input<typeof configSchema>;
