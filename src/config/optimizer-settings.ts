import { z } from "zod";
import { depthSchedules } from "../optim/depth-schedule.ts";
import { hyperparameterSettings } from "./hyperparameter-settings.ts";
import { count, share } from "./numbers.ts";
import { anchorOptionsSchema, anchorRuleSchema, updateRuleSchema } from "./rule-settings.ts";

export const optimizerSchema = z
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

export const probeSchema = z
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

export const distillationSchema = z
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

export const maskSchema = z
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

export const scheduleSchema = z
  .strictObject({
    name: z
      .enum(["constant", "linear", "cosine"])
      .default("cosine")
      .describe("course of the learning rate after warm-up"),
    warmup: share().default(0.1).describe("share of all steps over which the learning rate rises"),
    floor: share().default(0).describe("factor on the learning rate at the end"),
  })
  .prefault({});

export const groupSchema = z.strictObject({
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
