import type { Task } from "./task.ts";
import { writing, writingPreprocessor } from "./writing.ts";

/** The next token of texts, or of what the assistant says in dialogues: logits [B, T, V] against token ids [B, T]. */
export const causalLm: Task = {
  ...writing,
  name: "causal-lm",
  summary: "the next token of texts, or of responses to prompts; the model then writes",
  samples: ["dialogue", "text"],
  metrics: ["perplexity", "token-accuracy", "loss"],
  // GPT-2 and its like are called …LMHeadModel.
  architectures: { dialogue: "ForCausalLM", text: "LMHeadModel" },
  packs: true,
  preprocessor: (base, context) =>
    writingPreprocessor(base, context, {
      isPacked: (context.settings.preprocess?.packing ?? false) !== false,
    }),
};
