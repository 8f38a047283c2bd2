import { z } from "zod";
import { count } from "./numbers.ts";

/** How dialogues become tokens that a language model learns from. */
export const dialogueSchema = z
  .strictObject({
    template: z
      .string()
      .default("auto")
      .describe(
        "what sets turns apart: chat (the tokenizer's own template), alpaca, plain, a prompt such as 'Question: {} Answer:', or a Jinja template; auto takes that prompt for questions about images, alpaca for instructions, chat where there is a template, else plain",
      ),
    trainOn: z
      .enum(["response", "all"])
      .default("response")
      .describe("what the loss is taken on: what the assistant says, or all tokens"),
    tooLong: z
      .enum(["error", "cut-prompt", "cut-response"])
      .default("error")
      .describe("what happens to dialogues that are longer than the model takes"),
  })
  .prefault({})
  .describe("language models: prompts and responses");

/** How language models write, and how what they write is judged. */
export const generationSchema = z
  .strictObject({
    beams: count().default(1).describe("sequences that are followed at the same time; 1 is greedy search"),
    maxNewTokens: count().default(32).describe("most tokens of an answer"),
    minNewTokens: z.int().min(0).default(0).describe("an answer does not end before so many tokens"),
    lengthPenalty: z
      .number()
      .default(1)
      .describe("beams: scores are divided by length to this power; above 1 prefers long answers"),
    temperature: z
      .number()
      .min(0)
      .default(0)
      .describe("above 0 tokens are drawn, the likely ones more often the lower it is"),
    topK: z.int().min(0).default(0).describe("drawing: only from so many of the likeliest tokens; 0 for all"),
    topP: z
      .number()
      .gt(0)
      .max(1)
      .default(1)
      .describe("drawing: only from the likeliest that have this share"),
    batchSize: count().default(8).describe("prompts that are read together"),
    judge: z
      .enum(["auto", "none", "exact", "first-match", "likelihood", "vqa"])
      .default("auto")
      .describe(
        "accuracy of the finished model: exact (all that is written), first-match (the first possible answer in it), likelihood (of the choices), vqa (VQA accuracy: people's answers agree); auto takes vqa for questions about images, first-match where the data has an answer, likelihood where it has choices",
      ),
    examples: count()
      .optional()
      .describe("at most so many examples of each set are answered, spread evenly over it; all if left out"),
  })
  .prefault({})
  .describe("language models: how they write");
