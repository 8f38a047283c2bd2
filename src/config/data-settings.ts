import { z } from "zod";
import { count } from "./numbers.ts";

export const datasetSchema = z
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
    cacheFolder: z
      .string()
      .optional()
      .describe(
        "folder that keeps decoded and resized images, tokens and sound features for later runs, found by a hash of their content; none if left out",
      ),
  })
  .prefault({});

export const preprocessSchema = z
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
    samplingRate: count()
      .optional()
      .describe(
        "sounds: Hz of those that the model knows, to which others are resampled. What preprocessor_config.json says, or the first training sound has, if left out",
      ),
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
    packing: z
      .union([z.boolean(), count()])
      .default(false)
      .describe(
        "causal-lm: several short training texts in one row, none of which sees another; rows as long as the longest text, or of so many tokens",
      ),
  })
  .prefault({})
  .describe("overrides what preprocessor_config.json beside the model says");
