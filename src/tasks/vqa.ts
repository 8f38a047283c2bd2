import { captionPreprocessor } from "../data/preprocess/caption-preprocessor.ts";
import { dialogueForms, languagePreprocessor } from "../data/preprocess/language-preprocessor.ts";
import { createPreprocessor } from "../data/preprocess/preprocessor.ts";
import { ConfigError } from "../errors.ts";
import { NextTokenMeter } from "../evaluation/next-token-meter.ts";
import type { Task } from "./task.ts";

/** The prompt that PaliGemma's VQA fine-tunings use; the answer follows. */
const PROMPT = "Question: {} Answer:";

/**
 * Answers to questions about images, by a model of one graph that takes pixels and token ids, as PaliGemma is: logits
 * [B, T, V] against the token that follows each place of the answer, [B, T]. The finished model writes its answers.
 */
export const vqa: Task = {
  name: "vqa",
  summary: "answers to questions about images, written by a vision–language model of one graph",
  samples: ["image-text"],
  labelling: "sample",
  hasClasses: false,
  metrics: ["loss", "token-accuracy", "perplexity"],
  head: null,
  writes: true,
  architectures: {},
  problemType: null,
  width: () => 0,
  loss: "cross-entropy",
  preprocessor(base, { tokenizer, chatTemplate, vocabulary, imageTokens, settings }) {
    const { config } = base;
    if (config.kind !== "image-text")
      throw new ConfigError("task vqa takes images with questions about them");
    if (!tokenizer) throw new ConfigError("a vision–language model needs its tokenizer.json beside it");
    if (imageTokens.length >= config.text.maxLength)
      throw new ConfigError(
        `an image takes ${imageTokens.length} tokens, the model ${config.text.maxLength} (preprocess.maxLength) with question and answer; set a larger one`,
      );
    const { template = "auto", trainOn = "response", tooLong = "error" } = settings.dialogue ?? {};
    const text = languagePreprocessor(createPreprocessor(config.text, tokenizer), {
      tokenizer,
      formOf: dialogueForms(template === "auto" ? PROMPT : template, tokenizer, chatTemplate),
      trainOn,
      tooLong,
      vocabulary,
      before: imageTokens,
    });
    return captionPreprocessor(config, { image: createPreprocessor(config.image), text });
  },
  meter: () => new NextTokenMeter(),
  answer: () => ({ fields: {}, columns: [] }),
  show: () => ({}),
};
