import type { Config } from "../config/schema.ts";
import { askedOf, type Dataset, type Dialogue, type Image, type Sample, type Text } from "../data/dataset.ts";
import { evenly } from "../data/views.ts";
import { COMMONSENSE_SETS, commonsenseAnswers, firstMatch } from "../evaluation/commonsense.ts";
import { normaliseVqaAnswer, vqaAccuracy } from "../evaluation/vqa.ts";
import { likeliest } from "../generation/choose-token.ts";
import type { WriteOptions, Writer } from "./writer.ts";

/** One example with what was written for it. */
export interface JudgedAnswer {
  readonly name: string;
  readonly sample: Dialogue | Text;
  /** What it was asked about, at the model's size; null where that is no image. */
  image(): Promise<Image | null>;
  /** All that was written; the chosen answer, where choices were weighed. */
  readonly written: string;
  /** What counts as right. */
  readonly expected: string;
  readonly right: boolean;
  /** In [0, 1], where the answers of several people decide; right is then what at least half of it is given for. */
  readonly score?: number;
  /** How much it counts where metrics are weighted. */
  readonly weight?: number;
}

type Judge = Exclude<Config["generation"]["judge"], "auto">;

/**
 * Judges what a model writes on a set.
 *
 * `first-match` looks for the possible answers in the text and takes the one that comes first, case-sensitive, as the
 * evaluation of LLM-Adapters does: those of the commonsense set that has all answers of the data, or the data's own.
 * `vqa` scores a written answer as the official VQA evaluation does, see `vqaAccuracy`; where the data has one answer
 * instead of ten, an equal one scores 1, both normalised.
 *
 * @param dataset texts and dialogues, as they were read or prepared
 * @returns null if nothing is to be judged, or it was stopped
 */
export async function judgeWriting(
  writer: Writer,
  dataset: Dataset,
  settings: Pick<Config["generation"], "judge" | "examples">,
  options: WriteOptions = {},
): Promise<readonly JudgedAnswer[] | null> {
  if (settings.judge === "none") return null;
  const asked = evenly(dataset, settings.examples ?? Number.POSITIVE_INFINITY);
  const questions: Dialogue[] = [];
  let areAllOfImages = true;
  for (let i = 0; i < asked.length; i++) {
    const sample = await asked.load(i);
    const source = sourceOf(sample);
    if (source.kind !== "dialogue") return null;
    questions.push(source);
    areAllOfImages &&= sample.kind === "image-text";
  }
  const judge = settings.judge === "auto" ? judgeFor(questions, areAllOfImages) : settings.judge;
  if (judge === "none") return null;
  const said = await answersOf(writer, asked, questions, judge, options);
  if (options.shouldStop?.() === true) return null;
  return questions.map((sample, i): JudgedAnswer => {
    const { written, answer } = said[i]!;
    const expected = expectedOf(sample);
    const score = judge === "vqa" ? vqaScore(written, sample) : null;
    return {
      name: asked.name(i),
      sample,
      image: async () => imageOf(await asked.load(i)),
      written,
      expected,
      ...(asked.weight ? { weight: asked.weight(i) } : {}),
      ...(score === null ? { right: answer === expected } : { right: score >= 0.5, score }),
    };
  });
}

async function answersOf(
  writer: Writer,
  asked: Dataset,
  questions: readonly Dialogue[],
  judge: Exclude<Judge, "none">,
  options: WriteOptions,
): Promise<{ readonly written: string; readonly answer: string | null }[]> {
  const possible = possibleAnswers(questions);
  const said: { written: string; answer: string | null }[] = [];
  if (judge === "likelihood") {
    const choices = questions.map((q) => q.choices ?? namedIn(askedOf(q), possible));
    const choicesOf = (i: number) => choices[i]!.map((choice) => saying(choice, questions[i]!));
    for await (const weights of writer.weigh(asked, choicesOf, options)) {
      const best = choices[said.length]![likeliest(Float32Array.from(weights))] ?? "";
      said.push({ written: best, answer: best });
    }
    return said;
  }
  const isWhole = judge === "exact" || judge === "vqa";
  for await (const { text } of writer.write(asked, options)) {
    const answers = questions[said.length]!.choices ?? possible;
    said.push({ written: text, answer: isWhole ? text.trim() : firstMatch(answers, text) });
  }
  return said;
}

/** What may be answered where an example has no choices: the answers of the commonsense set that has all of the data's, or those. */
function possibleAnswers(samples: readonly Dialogue[]): readonly string[] {
  const answers = [...new Set(samples.map(expectedOf))];
  const set = COMMONSENSE_SETS.map(commonsenseAnswers).find((of) => answers.every((a) => of.includes(a)));
  return set ?? answers.sort();
}

/** The answers that a prompt offers (`Answer format: answer1/answer2`), or all where it names none. */
function namedIn(prompt: string, answers: readonly string[]): readonly string[] {
  const named = answers.filter((answer) => prompt.includes(answer));
  return named.length > 0 ? named : answers;
}

/** The response as it would be if `choice` were the answer in it; the choice alone where the answer does not stand in it. */
function saying(choice: string, dialogue: Dialogue): string {
  const last = dialogue.messages.at(-1);
  const said = last?.role === "assistant" ? last.content : "";
  const { answer } = dialogue;
  return answer !== undefined && said.includes(answer) ? said.replace(answer, () => choice) : choice;
}

function judgeFor(questions: readonly Dialogue[], areAllOfImages: boolean): Judge {
  if (questions.length === 0) return "none";
  if (areAllOfImages) return "vqa";
  if (questions.every((q) => q.answer !== undefined)) return "first-match";
  return questions.every((q) => q.choices !== undefined) ? "likelihood" : "none";
}

function expectedOf({ answer, messages }: Dialogue): string {
  const last = messages.at(-1);
  return answer ?? (last?.role === "assistant" ? last.content.trim() : "");
}

/** The official score of an answer; people's own answers count as they are, a lone one is normalised like what is written. */
function vqaScore(written: string, dialogue: Dialogue): number {
  if (dialogue.answers) return vqaAccuracy(written, dialogue.answers);
  return normaliseVqaAnswer(written) === normaliseVqaAnswer(expectedOf(dialogue)) ? 1 : 0;
}

/** The text or dialogue that an example is, or that stands beside its image. */
function sourceOf(sample: Sample): Dialogue | Text {
  if (sample.kind === "image-text") return sourceOf(sample.text);
  if (sample.kind === "sequence") return sample.source;
  if (sample.kind === "text" || sample.kind === "dialogue") return sample;
  throw new TypeError(`internal: an example of kind ${sample.kind} for a language model`);
}

function imageOf(sample: Sample): Image | null {
  return sample.kind === "image-text" ? sample.image : null;
}
