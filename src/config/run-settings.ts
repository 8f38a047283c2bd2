import { z } from "zod";
import { count } from "./numbers.ts";

export const evaluationSchema = z
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
    weighted: z
      .boolean()
      .default(false)
      .describe("whether metrics weigh examples by dataset.weightColumn, as the loss does"),
    metric: z
      .string()
      .optional()
      .describe(
        "what chooses the kept model, on the validation set: the task's first metric if left out, or loss",
      ),
    patience: count().optional().describe("evaluations without improvement before training stops"),
  })
  .prefault({});

export const checkpointSchema = z
  .strictObject({
    every: count().optional().describe("steps between checkpoints; at each evaluation if left out"),
    keep: count().default(2).describe("checkpoints to keep"),
  })
  .prefault({});

export const runtimeSchema = z
  .strictObject({
    prefer: z
      .enum(["auto", "native", "wasm"])
      .default("auto")
      .describe("which build of ONNX Runtime runs the graphs"),
    threads: count().optional().describe("threads inside one operator; ONNX Runtime decides if left out"),
  })
  .prefault({});

export const exportSchema = z
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
