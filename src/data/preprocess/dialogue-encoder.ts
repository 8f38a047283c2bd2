import { DataError } from "../../errors.ts";
import type { Dialogue, Text } from "../dataset.ts";
import { type DialogueForm, dialogueText, promptText } from "./dialogue-text.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface DialogueEncoding {
  readonly form: DialogueForm;
  /** What the loss is taken on: what the model says, or all tokens. */
  readonly trainOn: "response" | "all";
  /** What happens to dialogues that are longer than the model takes. */
  readonly tooLong: "error" | "cut-prompt" | "cut-response";
  /** The most tokens of a dialogue, special tokens included. */
  readonly maxLength: number;
}

/** The target of a token behind which nothing is learned. */
export const NOT_LEARNED = -100;

/** A dialogue as token ids [T], and for each of them the token that shall follow, or NOT_LEARNED. */
export interface EncodedDialogue {
  readonly ids: Int32Array;
  readonly targets: Int32Array;
  /** Tokens that were cut off. */
  readonly cut: number;
}

/**
 * A dialogue for training: ids, and targets shifted by one, so that the graph needs no shift. A text is learned whole.
 *
 * The text is encoded in one piece, since pieces encoded apart give other tokens where they meet. A token counts as spoken
 * by the model if it is not among the tokens of what stands before.
 *
 * @throws DataError if it is longer than `maxLength` and is not to be cut, or nothing is left to learn
 */
export function encodeDialogue(
  sample: Dialogue | Text,
  tokenizer: Tokenizer,
  encoding: DialogueEncoding,
): EncodedDialogue {
  const whole = wholeIds(sample, tokenizer, encoding);
  const { trainOn, maxLength } = encoding;
  const learned = whole.ids.map(
    (_, t) => trainOn === "all" || whole.spoken.some(([a, b]) => t >= a && t < b),
  );
  const excess = whole.ids.length - maxLength;
  const kept = excess <= 0 ? [...whole.ids.keys()] : keptTokens(whole, tokenizer.start.length, encoding);
  const ids = Int32Array.from(kept, (t) => whole.ids[t]!);
  const targets = Int32Array.from(kept, (_, i) => {
    const next = kept[i + 1];
    return next !== undefined && learned[next] ? whole.ids[next]! : NOT_LEARNED;
  });
  if (targets.every((t) => t === NOT_LEARNED))
    throw new DataError(
      excess > 0
        ? `nothing of the response is left in ${maxLength} tokens; set a larger --preprocess.maxLength`
        : "the response is empty: there is nothing to learn",
    );
  return { ids, targets, cut: Math.max(0, excess) };
}

/** Ids that a model goes on from to answer: everything before the last response. */
export function encodePrompt(sample: Dialogue | Text, tokenizer: Tokenizer, form: DialogueForm): number[] {
  if (sample.kind === "text") return [...tokenizer.start, ...tokenizer.content(sample.text)];
  const text = promptText(sample, form);
  return form.kind === "chat" ? tokenizer.content(text) : [...tokenizer.start, ...tokenizer.content(text)];
}

/** How many tokens a dialogue takes whole. */
export function dialogueLength(
  sample: Dialogue | Text,
  tokenizer: Tokenizer,
  encoding: Pick<DialogueEncoding, "form">,
): number {
  return wholeIds(sample, tokenizer, encoding).ids.length;
}

interface WholeIds {
  readonly ids: readonly number[];
  /** Tokens that the model speaks, from and up to. */
  readonly spoken: readonly (readonly [number, number])[];
}

function wholeIds(
  sample: Dialogue | Text,
  tokenizer: Tokenizer,
  { form }: Pick<DialogueEncoding, "form">,
): WholeIds {
  const end = tokenizer.eosId === null ? [] : [tokenizer.eosId];
  if (sample.kind === "text") {
    const ids = [...tokenizer.start, ...tokenizer.content(sample.text), ...end];
    return { ids, spoken: [[tokenizer.start.length, ids.length]] };
  }
  const { text, spoken, isBare } = dialogueText(sample, form);
  const encode = (part: string) =>
    isBare ? [...tokenizer.start, ...tokenizer.content(part)] : tokenizer.content(part);
  const content = encode(text);
  const ids = isBare && content.at(-1) !== end[0] ? [...content, ...end] : content;
  const tokensBefore = (at: number) => {
    if (at === text.length) return ids.length;
    return commonLength(content, encode(text.slice(0, at)));
  };
  return { ids, spoken: spoken.map(([from, to]) => [tokensBefore(from), tokensBefore(to)]) };
}

/** Positions of the tokens that are kept of a dialogue that is too long. @param start special tokens at its beginning */
function keptTokens(
  { ids, spoken }: WholeIds,
  start: number,
  { tooLong, maxLength }: DialogueEncoding,
): number[] {
  const all = [...ids.keys()];
  if (tooLong === "error")
    throw new DataError(
      `the dialogue takes ${ids.length} tokens, the model ${maxLength} (preprocess.maxLength): ` +
        "shorten it, or cut it with --dialogue.tooLong cut-prompt or cut-response",
    );
  if (tooLong === "cut-response") return all.slice(0, maxLength);
  const excess = ids.length - maxLength;
  const prompt = spoken[0]?.[0] ?? ids.length;
  if (start + excess <= prompt) return [...all.slice(0, start), ...all.slice(start + excess)];
  throw new DataError(
    `the response takes ${ids.length - prompt} of ${maxLength} tokens, so that no prompt is left; ` +
      "set a larger --preprocess.maxLength, or --dialogue.tooLong cut-response",
  );
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  let n = 0;
  while (n < most && a[n] === b[n]) n++;
  return n;
}
