import { describe, expect, test } from "vitest";
import { DataError } from "../../errors.ts";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { golden } from "../data.fixtures.ts";
import type { Dialogue, Message } from "../dataset.ts";
import { createChatTemplate, openChatTemplate } from "./chat-template.ts";
import { dialogueLength, encodeDialogue, encodePrompt, NOT_LEARNED } from "./dialogue-encoder.ts";
import type { DialogueForm } from "./dialogue-text.ts";
import { openTokenizer } from "./tokenizer.ts";

interface Encoded {
  readonly ids: readonly number[];
  readonly learned: readonly boolean[];
  readonly prompt: readonly number[];
}
interface Goldens {
  readonly definition: object;
  readonly config: object;
  readonly chats: Readonly<
    Record<string, { template: string; dialogues: readonly (Encoded & { messages: readonly Message[] })[] }>
  >;
  readonly instructions: readonly (Encoded & {
    readonly row: { readonly instruction: string; readonly input: string; readonly output: string };
  })[];
}

const goldens = await golden<Goldens>("dialogues.json");
const files = createMemoryFiles();
await files.write("m/tokenizer.json", JSON.stringify(goldens.definition));
await files.write("m/tokenizer_config.json", JSON.stringify(goldens.config));
const tokenizer = (await openTokenizer(files, "m"))!;

const whole = { trainOn: "response", tooLong: "error", maxLength: 400 } as const;
const alpaca: DialogueForm = { kind: "alpaca" };

/** What is learned behind each token, as the goldens say it. */
const shifted = ({ ids, learned }: Encoded) =>
  ids.map((_, t) => (learned[t + 1] === true ? ids[t + 1]! : NOT_LEARNED));

function instruction({ row }: Goldens["instructions"][number]): Dialogue {
  const { instruction: text, input, output } = row;
  return {
    kind: "dialogue",
    messages: [
      { role: "user", content: text },
      { role: "assistant", content: output },
    ],
    instruction: { text, input },
  };
}

describe.each(Object.entries(goldens.chats))("chat template: %s", (name, { template, dialogues }) => {
  const form: DialogueForm = {
    kind: "chat",
    template: createChatTemplate(template, name),
    special: tokenizer.special,
  };
  test("dialogues become the tokens, targets and prompts of transformers", () => {
    for (const expected of dialogues) {
      const dialogue: Dialogue = { kind: "dialogue", messages: expected.messages };
      const encoded = encodeDialogue(dialogue, tokenizer, { ...whole, form });
      expect([...encoded.ids]).toEqual(expected.ids);
      expect([...encoded.targets]).toEqual(shifted(expected));
      expect(encodePrompt(dialogue, tokenizer, form)).toEqual(expected.prompt);
      expect(dialogueLength(dialogue, tokenizer, { form })).toBe(expected.ids.length);
      expect(encoded.cut).toBe(0);
    }
  });
});

test("instructions become Alpaca's prompts, with the end of the text behind the response", () => {
  for (const expected of goldens.instructions) {
    const encoded = encodeDialogue(instruction(expected), tokenizer, { ...whole, form: alpaca });
    expect([...encoded.ids]).toEqual(expected.ids);
    expect([...encoded.targets]).toEqual(shifted(expected));
    expect(encodePrompt(instruction(expected), tokenizer, alpaca)).toEqual(expected.prompt);
  }
});

test("with all tokens learned, each target is the next token", () => {
  const [first] = goldens.instructions;
  const { ids, targets } = encodeDialogue(instruction(first!), tokenizer, {
    ...whole,
    trainOn: "all",
    form: alpaca,
  });
  expect([...targets]).toEqual([...ids.subarray(1), NOT_LEARNED]);
});

test("a text is learned whole", () => {
  const text = { kind: "text", text: "The capital of France" } as const;
  const { ids, targets } = encodeDialogue(text, tokenizer, { ...whole, form: { kind: "plain" } });
  expect(ids[0]).toBe(0);
  expect(ids.at(-1)).toBe(1);
  expect([...targets]).toEqual([...ids.subarray(1), NOT_LEARNED]);
  expect(tokenizer.decode([...ids])).toBe("The capital of France");
});

describe("a dialogue that is longer than the model takes", () => {
  const dialogue = instruction(goldens.instructions[0]!);
  const { ids, learned } = goldens.instructions[0]!;
  const responses = learned.filter((l) => l).length;
  const encode = (settings: { maxLength: number; tooLong: "error" | "cut-prompt" | "cut-response" }) =>
    encodeDialogue(dialogue, tokenizer, { trainOn: "response", form: alpaca, ...settings });

  test("is an error that says how to cut it", () => {
    const run = () => encode({ maxLength: 20, tooLong: "error" });
    expect(run).toThrow(DataError);
    expect(run).toThrow(
      new RegExp(`takes ${ids.length} tokens, the model 20 .*cut-prompt or cut-response`, "u"),
    );
  });

  test("loses the beginning of its prompt, but no special token and nothing of the response", () => {
    const maxLength = responses + 5;
    const cut = encode({ maxLength, tooLong: "cut-prompt" });
    expect([...cut.ids]).toEqual([ids[0], ...ids.slice(-(maxLength - 1))]);
    expect([...cut.targets].filter((t) => t !== NOT_LEARNED)).toEqual(ids.slice(-responses));
    expect(cut.cut).toBe(ids.length - maxLength);
    expect(() => encode({ maxLength: responses, tooLong: "cut-prompt" })).toThrow(/no prompt is left/u);
  });

  test("loses the end of its response, unless that is all of it", () => {
    const maxLength = ids.length - 2;
    expect([...encode({ maxLength, tooLong: "cut-response" }).ids]).toEqual(ids.slice(0, maxLength));
    const none = () => encode({ maxLength: ids.length - responses, tooLong: "cut-response" });
    expect(none).toThrow(/nothing of the response is left in \d+ tokens/u);
  });
});

test("a dialogue of several turns without a template is refused with the remedy", () => {
  const messages = ["user", "assistant", "user", "assistant"].map((role) => ({ role, content: "Hi" }));
  const run = () =>
    encodeDialogue({ kind: "dialogue", messages }, tokenizer, { ...whole, form: { kind: "plain" } });
  expect(run).toThrow(/4 turns needs a chat template.*--dialogue.template/u);
});

test("templates are found where models keep them, and refuse what they cannot render", async () => {
  const { template } = goldens.chats.brackets!;
  const folder = createMemoryFiles();
  expect(await openChatTemplate(folder, "m")).toBeNull();
  const named = [
    { name: "tools", template: "{{ bad" },
    { name: "default", template },
  ];
  await folder.write("m/tokenizer_config.json", JSON.stringify({ chat_template: named }));
  const opened = (await openChatTemplate(folder, "m"))!;
  const said = opened.render([{ role: "user", content: "Hi" }], { bos_token: "<s>", eos_token: "</s>" });
  expect(said).toBe("<s>[INST] Hi [/INST]");
  const tool = () =>
    opened.render(
      [
        { role: "user", content: "Hi" },
        { role: "tool", content: "" },
      ],
      {},
    );
  expect(tool).toThrow(
    /m\/tokenizer_config.json: the chat template refuses .*only user and assistant take turns/u,
  );
  await folder.write("m/chat_template.jinja", "{{ broken");
  await expect(openChatTemplate(folder, "m")).rejects.toThrow(
    /chat_template.jinja: a chat template that cannot be read/u,
  );
});
