import { DataError } from "../../errors.ts";
import type { Dialogue, Message } from "../dataset.ts";
import type { ChatTemplate } from "./chat-template.ts";

/** How a dialogue becomes one text. */
export type DialogueForm =
  | { readonly kind: "plain" }
  | { readonly kind: "alpaca" }
  /** A prompt with `{}` where what is asked stands; the answer follows a space, or a line break that ends the prompt. */
  | { readonly kind: "filled"; readonly prompt: string }
  | {
      readonly kind: "chat";
      readonly template: ChatTemplate;
      /** `bos_token` and its like. */
      readonly special: Readonly<Record<string, string>>;
    };

/** A dialogue as one text. */
export interface DialogueText {
  readonly text: string;
  /** Where in the text the model speaks, from and up to which character, in order. */
  readonly spoken: readonly (readonly [from: number, to: number])[];
  /** Whether special tokens are still to be put around it, or the text has them written out. */
  readonly isBare: boolean;
}

const ASSISTANT = "assistant";

/** The whole dialogue. @throws DataError if its form cannot hold it */
export function dialogueText(dialogue: Dialogue, form: DialogueForm): DialogueText {
  const { messages } = dialogue;
  if (form.kind !== "chat") {
    const prompt = promptText(dialogue, form);
    const response = messages.at(-1)?.role === ASSISTANT ? messages.at(-1)!.content : "";
    const gap = form.kind === "filled" && response !== "" && !/\s$/u.test(prompt) ? " " : "";
    const text = prompt + gap + response;
    return { text, spoken: [[prompt.length, text.length]], isBare: true };
  }
  const text = render(form, messages, false);
  const spoken = messages.flatMap(({ role }, i): [number, number][] => {
    if (role !== ASSISTANT) return [];
    // A template may write earlier turns otherwise than the last one: what all renderings share is certain.
    const from = commonLength(text, render(form, messages.slice(0, i), true));
    const to = commonLength(text, render(form, messages.slice(0, i + 1), false));
    return to > from ? [[from, to]] : [];
  });
  return { text, spoken, isBare: false };
}

/** What the model is given to go on from: everything before the last response. */
export function promptText(dialogue: Dialogue, form: DialogueForm): string {
  const { messages, instruction } = dialogue;
  const asked = messages.at(-1)?.role === ASSISTANT ? messages.slice(0, -1) : messages;
  if (form.kind === "chat") return render(form, asked, true);
  if (form.kind === "alpaca" && instruction) return alpacaPrompt(instruction.text, instruction.input);
  const [only, ...more] = asked;
  if (more.length > 0 || only?.role === "system")
    throw new DataError(
      `a dialogue of ${messages.length} turns needs a chat template: put one into the model's tokenizer_config.json, or name one with --dialogue.template`,
    );
  const said = only?.content ?? "";
  if (form.kind === "filled") return form.prompt.replace("{}", () => said);
  return form.kind === "alpaca" ? alpacaPrompt(said, "") : said;
}

function render(
  { template, special }: Extract<DialogueForm, { kind: "chat" }>,
  messages: readonly Message[],
  isAnswerNext: boolean,
): string {
  return template.render(messages, { ...special, add_generation_prompt: isAnswerNext });
}

/** The prompt that Stanford Alpaca was trained on. */
function alpacaPrompt(instruction: string, input: string): string {
  const paired = input.trim() !== "";
  const intro = paired
    ? "Below is an instruction that describes a task, paired with an input that provides further context. "
    : "Below is an instruction that describes a task. ";
  return (
    `${intro}Write a response that appropriately completes the request.\n\n### Instruction:\n${instruction}\n\n` +
    `${paired ? `### Input:\n${input}\n\n` : ""}### Response:\n`
  );
}

function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let n = 0;
  while (n < most && a[n] === b[n]) n++;
  return n;
}
