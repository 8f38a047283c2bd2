import { ConfigError, DataError } from "../../errors.ts";
import type { Dialogue, Sequence, Text, Tokens } from "../dataset.ts";
import { bufferOver } from "./batch-buffer.ts";
import { type ChatTemplate, createChatTemplate } from "./chat-template.ts";
import { type DialogueEncoding, encodeDialogue, encodePrompt, NOT_LEARNED } from "./dialogue-encoder.ts";
import type { DialogueForm } from "./dialogue-text.ts";
import type { Preprocessor } from "./preprocessor.ts";
import { withSegments } from "./segment-buffer.ts";
import { withTargets } from "./target-buffer.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The form of each dialogue. @param wanted `auto`, `chat`, `alpaca`, `plain`, a prompt with `{}` in it, or a Jinja template */
export function dialogueForms(
  wanted: string,
  tokenizer: Tokenizer,
  template: ChatTemplate | null,
): (sample: Dialogue | Text) => DialogueForm {
  const { special } = tokenizer;
  const chat: DialogueForm | null = template && { kind: "chat", template, special };
  if (wanted === "plain" || wanted === "alpaca") return () => ({ kind: wanted });
  if (wanted === "auto")
    return (sample) =>
      sample.kind === "dialogue" && sample.instruction ? { kind: "alpaca" } : (chat ?? { kind: "plain" });
  if (wanted === "chat") {
    if (chat) return () => chat;
    throw new ConfigError(
      "dialogue.template chat: the model's folder has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja)",
    );
  }
  if (wanted.includes("{}")) return () => ({ kind: "filled", prompt: wanted });
  if (!wanted.includes("{"))
    throw new ConfigError(
      `dialogue.template ${wanted}: expected auto, chat, alpaca, plain, a prompt with {} for what is asked, or a Jinja template with {{ … }} in it`,
    );
  const own: DialogueForm = {
    kind: "chat",
    template: createChatTemplate(wanted, "dialogue.template"),
    special,
  };
  return () => own;
}

export interface LanguageOptions extends Pick<DialogueEncoding, "trainOn" | "tooLong"> {
  readonly tokenizer: Tokenizer;
  readonly formOf: (sample: Dialogue | Text) => DialogueForm;
  /** Tokens in front of every text, such as those that stand for an image. */
  readonly before?: readonly number[];
  /** Whether a row may hold several texts; the model is then told which of them each token is of. */
  readonly isPacked?: boolean;
}

/**
 * Texts and dialogues to token ids with mask and positions, as `base` feeds them, and targets int64 [B, T]: the token
 * that follows each place, NOT_LEARNED where none is learned. They are shifted here, so that the graph needs no shift.
 */
export function languagePreprocessor(base: Preprocessor, options: LanguageOptions): Preprocessor {
  const { config } = base;
  if (config.kind !== "text") throw new ConfigError("internal: a language model that takes no tokens");
  const { tokenizer, formOf, before = [], isPacked = false } = options;
  return {
    config,
    dims: base.dims,
    prepare(sample): Sequence {
      if (sample.kind !== "text" && sample.kind !== "dialogue")
        throw new DataError(`the model takes texts and dialogues, got an example of kind ${sample.kind}`);
      const encoding = { ...options, form: formOf(sample), maxLength: config.maxLength - before.length };
      const { ids, targets, cut } = encodeDialogue(sample, tokenizer, encoding);
      const unlearned = new Array<number>(before.length).fill(NOT_LEARNED);
      return {
        kind: "sequence",
        data: Int32Array.from([...before, ...ids]),
        targets: Int32Array.from([...unlearned, ...targets]),
        cut,
        source: sample,
      };
    },
    prompt(sample) {
      const source = sample.kind === "sequence" ? sample.source : sample;
      if (source.kind !== "text" && source.kind !== "dialogue")
        throw new DataError(`the model answers texts and dialogues, got an example of kind ${source.kind}`);
      return { ids: [...before, ...encodePrompt(source, tokenizer, formOf(source))] };
    },
    buffer(input, size) {
      const inner = withTargets(base.buffer(input, size), size);
      const tokens = bufferOver(inner, {
        write(sample, row) {
          if (sample.kind !== "sequence")
            throw new TypeError("internal: a sample that was not prepared for this model");
          inner.write(tokensOf(sample), row);
        },
      });
      return isPacked ? withSegments(tokens, size) : tokens;
    },
  };
}

/** A sequence as the model's inputs take it. */
function tokensOf({ data, targets }: Sequence): Tokens {
  // Of a prefix-LM: 0 for what is given, 1 for what is written.
  const asked = targets.findIndex((t) => t !== NOT_LEARNED) + 1;
  const types = data.map((_, t) => (asked > 1 && t >= asked ? 1 : 0));
  return { kind: "tokens", data, types, targets, source: UNREAD };
}

const UNREAD: Text = { kind: "text", text: "" };
