import { DataError } from "../../errors.ts";
import type { Dialogue, Message } from "../dataset.ts";
import { createProblems } from "./problems.ts";
import type { ReaderOptions } from "./reader.ts";
import { type Cell, columnAt, isList, type Table, textOf } from "./table.ts";
import type { ContentCollector } from "./table-content.ts";

/** Columns of a dialogue, by position: a list of turns, or a prompt and a response. */
export type DialogueColumns = {
  readonly answer: number | null;
  readonly choices: number | null;
  /** Lists of what several people answered. */
  readonly answers: number | null;
} & (
  | { readonly kind: "messages"; readonly column: number }
  | {
      readonly kind: "pair";
      readonly prompt: number;
      /** What the prompt is about, where it is an instruction as Alpaca has them. */
      readonly input: number | null;
      readonly isInstruction: boolean;
      readonly response: number | null;
    }
);

/** Columns of a prompt and a response. */
export type PromptColumns = Extract<DialogueColumns, { readonly kind: "pair" }>;

const MESSAGE_NAMES: readonly string[] = ["messages", "conversations"];
const PROMPT_NAMES: readonly string[] = ["instruction", "prompt", "question"];
const RESPONSE_NAMES: readonly string[] = ["output", "response", "completion", "answer"];
/** How others call the speakers. */
const ROLES: Readonly<Record<string, string>> = { human: "user", gpt: "assistant", model: "assistant" };

/** The columns of dialogues that a table has by name, those named in the options first; null if it has none. */
export function dialogueColumnsOf(
  table: Table,
  options: ReaderOptions,
  at: (name: string, key: string) => number,
): DialogueColumns | null {
  const known = (names: readonly string[]) => names.find((n) => table.columns.includes(n));
  const place = (name: string | undefined) => (name === undefined ? null : table.columns.indexOf(name));
  const { promptColumn, responseColumn, answerColumn } = options;
  const answer = answerColumn === undefined ? undefined : at(answerColumn, "answerColumn");
  const messages = promptColumn === undefined ? known(MESSAGE_NAMES) : undefined;
  const choices = place(known(["choices"]));
  const answers = place(known(["answers"]));
  if (messages !== undefined) {
    return {
      kind: "messages",
      column: at(messages, "promptColumn"),
      answer: answer ?? place(known(["answer"])),
      choices,
      answers,
    };
  }
  const prompt = promptColumn ?? known(PROMPT_NAMES);
  if (prompt === undefined) return null;
  const isInstruction = prompt === "instruction";
  const response = responseColumn ?? known(RESPONSE_NAMES);
  const responseAt = response === undefined ? null : at(response, "responseColumn");
  const found = answer ?? place(known(["answer"]));
  return {
    kind: "pair",
    prompt: at(prompt, "promptColumn"),
    isInstruction,
    input: isInstruction ? place(known(["input"])) : null,
    response: responseAt,
    answer: found === responseAt ? null : found,
    choices,
    answers,
  };
}

/**
 * Dialogues out of the rows of a table.
 *
 * @param needsResponse whether rows without a response are an error
 * @throws DataError if a response is needed and there is no column of them
 */
export function dialogueCollector(
  table: Table,
  columns: DialogueColumns,
  needsResponse = true,
): ContentCollector & { readonly read: (cells: readonly Cell[]) => Dialogue | null } {
  const { answer, choices, answers } = columns;
  if (needsResponse && columns.kind === "pair" && columns.response === null && answers === null)
    throw new DataError(
      `${table.path}: no column ${RESPONSE_NAMES.join(", ")} of what the model is to answer, it has ${table.columns.join(", ")}; name it with responseColumn`,
    );
  const own =
    columns.kind === "messages" ? [columns.column] : [columns.prompt, columns.input, columns.response];
  const all = [...own, answer, choices, answers];
  const asked = all.filter((c) => c !== null);
  const read = (cells: readonly Cell[]): Dialogue | null => {
    let next = 0;
    const [given, extra] = [
      own.map((c) => (c === null ? null : (cells[next++] ?? null))),
      [answer, choices, answers].map((c) => (c === null ? null : (cells[next++] ?? null))),
    ];
    const base = columns.kind === "messages" ? messagesOf(given[0] ?? null) : pairOf(given, columns);
    if (base === null) return null;
    const [answerCell = null, choiceCell = null, answersCell = null] = extra;
    const people = peoplesAnswers(answersCell);
    return {
      kind: "dialogue",
      ...base,
      ...(people.length === 0 ? {} : answeredBy(people, base.messages)),
      ...(textOf(answerCell) === "" ? {} : { answer: textOf(answerCell) }),
      ...(isList(choiceCell) ? { choices: choiceCell.map(textOf) } : {}),
    };
  };
  const broken = createProblems();
  const mute = createProblems();
  return {
    columns: asked,
    read,
    add(cells, row) {
      const dialogue = read(cells);
      if (dialogue === null) broken.add(table.rowName(row));
      else if (needsResponse && !speaks(dialogue)) mute.add(table.rowName(row));
    },
    async finish() {
      broken.throwIfAny(`${table.path}: no prompt, or no list of messages with role and content, in rows`);
      mute.throwIfAny(`${table.path}: the assistant says nothing in rows`);
      return {
        kind: "dialogue",
        name: (i) => table.rowName(i),
        // Every row was read when the table was opened.
        load: async (i) => read(await table.row(i, asked))!,
      };
    },
  };
}

/**
 * Answers as a list, or JSON of one: of strings, or of records with an `answer` each, as VQA's annotations have them. What is
 * no list is the answer of one.
 */
function peoplesAnswers(cell: Cell): string[] {
  let list: unknown = cell;
  try {
    if (typeof cell === "string") list = JSON.parse(cell);
  } catch {
    // Not JSON: the answer itself.
  }
  if (!Array.isArray(list)) return textOf(cell) === "" ? [] : [textOf(cell)];
  return (list as unknown[]).map((given) => {
    const { answer } = Object(given) as { readonly answer?: unknown };
    return String(answer ?? given);
  });
}

/**
 * What people answered, and what most of them said as the response where the row has none. One alone is the response and
 * no people: nobody is left to agree with.
 */
function answeredBy(
  people: readonly string[],
  messages: readonly Message[],
): Pick<Dialogue, "answers" | "messages"> {
  const answers = people.length > 1 ? { answers: people } : {};
  if (messages.some(({ role }) => role === "assistant")) return { ...answers, messages };
  const counts = new Map<string, number>();
  for (const answer of people) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const [most = ["", 0]] = [...counts].sort(([, a], [, b]) => b - a);
  return { ...answers, messages: [...messages, { role: "assistant", content: most[0] }] };
}

function speaks({ messages }: Dialogue): boolean {
  return messages.some(({ role, content }) => role === "assistant" && content !== "");
}

function pairOf(
  [prompt = null, input = null, response = null]: readonly Cell[],
  { isInstruction }: { readonly isInstruction: boolean },
): Pick<Dialogue, "messages" | "instruction"> | null {
  const [asked, about, said] = [textOf(prompt), textOf(input), textOf(response)];
  if (asked === "") return null;
  const user = { role: "user", content: about.trim() === "" ? asked : `${asked}\n\n${about}` };
  return {
    messages: said === "" ? [user] : [user, { role: "assistant", content: said }],
    ...(isInstruction ? { instruction: { text: asked, input: about } } : {}),
  };
}

/** Turns as the chat format has them (role, content), or ShareGPT (from, value). */
function messagesOf(cell: Cell): Pick<Dialogue, "messages"> | null {
  let turns: unknown;
  try {
    turns = typeof cell === "string" ? JSON.parse(cell) : cell;
  } catch {
    return null;
  }
  if (!Array.isArray(turns) || turns.length === 0) return null;
  const messages: Message[] = [];
  for (const turn of turns as unknown[]) {
    const { role, from, content, value } = (turn ?? {}) as Readonly<Record<string, unknown>>;
    const [who, said] = [role ?? from, content ?? value];
    if (typeof who !== "string" || typeof said !== "string") return null;
    messages.push({ role: ROLES[who] ?? who, content: said });
  }
  return { messages };
}

/** The dialogues of a table, which need have no responses; null where no column holds prompts, or one of texts is named. */
export async function dialoguesOfTable(table: Table, options: ReaderOptions): Promise<Dialogue[] | null> {
  if (options.textColumn !== undefined) return null;
  const columns = dialogueColumnsOf(table, options, (name, key) => columnAt(table, name, key));
  if (columns === null) return null;
  const collector = dialogueCollector(table, columns, false);
  const dialogues: Dialogue[] = [];
  let row = 0;
  for await (const cells of table.scan(collector.columns)) {
    collector.add(cells, row++);
    const dialogue = collector.read(cells);
    if (dialogue) dialogues.push(dialogue);
  }
  await collector.finish();
  return dialogues;
}
