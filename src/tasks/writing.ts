import { dialogueForms, languagePreprocessor } from "../data/preprocess/language-preprocessor.ts";
import type { Preprocessor } from "../data/preprocess/preprocessor.ts";
import { ConfigError } from "../errors.ts";
import { NextTokenMeter } from "../evaluation/next-token-meter.ts";
import type { PreprocessorContext, Task } from "./task.ts";

/**
 * What tasks have in common whose model writes: logits [B, T, V] against the token that follows each place, [B, T]. Its
 * answers are no rows of an output; they are asked of the model as a whole.
 */
export const writing = {
  labelling: "sample",
  hasClasses: false,
  head: null,
  writes: true,
  problemType: null,
  width: () => 0,
  loss: "cross-entropy",
  meter: () => new NextTokenMeter(),
  answer: () => ({ fields: {}, columns: [] }),
  show: () => ({}),
} satisfies Partial<Task>;

/**
 * Dialogues and texts as the settings say.
 *
 * @param how `auto`, what template that stands for; `before`, tokens in front of every text
 * @throws ConfigError if the model has no tokenizer
 */
export function writingPreprocessor(
  base: Preprocessor,
  { tokenizer, chatTemplate, settings }: PreprocessorContext,
  {
    auto = "auto",
    before = [],
    isPacked = false,
  }: {
    readonly auto?: string;
    readonly before?: readonly number[];
    readonly isPacked?: boolean;
  } = {},
): Preprocessor {
  if (!tokenizer) throw new ConfigError("a model that writes needs its tokenizer.json beside it");
  const { template = "auto", trainOn = "response", tooLong = "error" } = settings.dialogue ?? {};
  const formOf = dialogueForms(template === "auto" ? auto : template, tokenizer, chatTemplate);
  return languagePreprocessor(base, { tokenizer, formOf, trainOn, tooLong, before, isPacked });
}
