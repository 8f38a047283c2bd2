import { captionPreprocessor } from "../data/preprocess/caption-preprocessor.ts";
import { createPreprocessor } from "../data/preprocess/preprocessor.ts";
import { ConfigError } from "../errors.ts";
import type { Task } from "./task.ts";
import { writing, writingPreprocessor } from "./writing.ts";

/** The prompt that PaliGemma's VQA fine-tunings use; the answer follows. */
const PROMPT = "Question: {} Answer:";

/**
 * Answers to questions about images, by a model that takes pixels and token ids, as PaliGemma is, in one file or in parts:
 * logits [B, T, V] against the token that follows each place of the answer, [B, T]. The finished model writes its answers.
 */
export const vqa: Task = {
  ...writing,
  name: "vqa",
  summary: "answers to questions about images, written by a vision–language model",
  samples: ["image-text"],
  metrics: ["loss", "token-accuracy", "perplexity"],
  architectures: {},
  preprocessor(base, context) {
    const { config } = base;
    const { tokenizer, imageTokens } = context;
    if (config.kind !== "image-text")
      throw new ConfigError("task vqa takes images with questions about them");
    if (imageTokens.length >= config.text.maxLength)
      throw new ConfigError(
        `an image takes ${imageTokens.length} tokens, the model ${config.text.maxLength} (preprocess.maxLength) with question and answer; set a larger one`,
      );
    const tokens = createPreprocessor(config.text, tokenizer);
    const text = writingPreprocessor(tokens, context, { auto: PROMPT, before: imageTokens });
    return captionPreprocessor(config, { image: createPreprocessor(config.image), text });
  },
};
