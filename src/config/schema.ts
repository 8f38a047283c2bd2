import { z } from "zod";
import { augmentationSchema } from "./augmentation-settings.ts";
import { datasetSchema, preprocessSchema } from "./data-settings.ts";
import { dialogueSchema, generationSchema } from "./language-settings.ts";
import { methods } from "./methods.ts";
import { headSchema, lossSchema, peftSchema } from "./network-settings.ts";
import { count, nonEmpty } from "./numbers.ts";
import {
  distillationSchema,
  groupSchema,
  maskSchema,
  optimizerSchema,
  probeSchema,
  scheduleSchema,
} from "./optimizer-settings.ts";
import { checkpointSchema, evaluationSchema, exportSchema, runtimeSchema } from "./run-settings.ts";
import { taskNames } from "./task-names.ts";

const maskingSchema = z
  .strictObject({
    share: z.number().gt(0).lt(1).default(0.15).describe("share of each text's tokens that is to be found"),
  })
  .prefault({})
  .describe("what masked-lm hides");

/** Every setting of a fine-tuning run. The same keys serve the YAML file, the flags and the library. */
export const configSchema = z.strictObject({
  model: z
    .string()
    .describe(
      "an .onnx file, or a folder with onnx/model.onnx or the parts of a language model, as Transformers.js has it",
    ),
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
