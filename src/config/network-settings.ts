import { z } from "zod";
import { lossNames } from "./losses.ts";
import { peftNames } from "./methods.ts";
import { count } from "./numbers.ts";

export const headSchema = z
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

export const peftSchema = z
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
    wrapper: z
      .string()
      .default("auto")
      .describe(
        "what stands before all modules' paths in the file and not in the Python model, and is left out of adapter files: auto, none, or a path",
      ),
  })
  .prefault({})
  .describe("few new parameters beside frozen weights");

export const lossSchema = z
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
