import { dialogueForms, languagePreprocessor } from "../data/preprocess/language-preprocessor.ts";
import { ConfigError } from "../errors.ts";
import { NextTokenMeter } from "../evaluation/next-token-meter.ts";
import type { Task } from "./task.ts";

/** The next token of texts, or of what the assistant says in dialogues: logits [B, T, V] against token ids [B, T]. */
export const causalLm: Task = {
  name: "causal-lm",
  summary: "the next token of texts, or of responses to prompts; the model then writes",
  samples: ["dialogue", "text"],
  labelling: "sample",
  hasClasses: false,
  metrics: ["perplexity", "token-accuracy", "loss"],
  head: null,
  writes: true,
  // GPT-2 and its like are called …LMHeadModel.
  architectures: { dialogue: "ForCausalLM", text: "LMHeadModel" },
  problemType: null,
  width: () => 0,
  loss: "cross-entropy",
  preprocessor(base, { tokenizer, chatTemplate, vocabulary, settings }) {
    if (!tokenizer) throw new ConfigError("a language model needs its tokenizer.json beside it");
    const { template = "auto", trainOn = "response", tooLong = "error" } = settings.dialogue ?? {};
    const formOf = dialogueForms(template, tokenizer, chatTemplate);
    return languagePreprocessor(base, { tokenizer, formOf, trainOn, tooLong, vocabulary });
  },
  meter: () => new NextTokenMeter(),
  answer: () => ({ fields: {}, columns: [] }),
  show: () => ({}),
};
