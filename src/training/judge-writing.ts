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
  /** What it was asked about, at the model's size. */
  readonly image?: Image;
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

/** What is asked, and how it was read or prepared for the model. */
interface Question {
  readonly sample: Sample;
  readonly dialogue: Dialogue;
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
  const asked = evenly(dataset, settings.examples ?? Number.POSITIVE_INFINITY);
  const samples = await Promise.all(Array.from({ length: asked.length }, (_, i) => asked.load(i)));
  const questions = samples.flatMap((sample): Question[] => {
    const dialogue = sourceOf(sample);
    return dialogue.kind === "dialogue" ? [{ sample, dialogue }] : [];
  });
  const judge = settings.judge === "auto" ? judgeFor(questions) : settings.judge;
  if (judge === "none" || questions.length < samples.length) return null;
  const said = await answersOf(writer, questions, judge, options);
  if (options.shouldStop?.() === true) return null;
  return questions.map(({ sample: whole, dialogue: sample }, i): JudgedAnswer => {
    const common = {
      ...{ name: asked.name(i), sample, written: said[i]!.written, expected: expectedOf(sample) },
      ...(asked.weight ? { weight: asked.weight(i) } : {}),
    };
    if (judge === "vqa") {
      const score = vqaScore(common.written, sample);
      const shown = whole.kind === "image-text" ? { image: whole.image } : {};
      return { ...common, ...shown, right: score >= 0.5, score };
    }
    return { ...common, right: said[i]!.answer === common.expected };
  });
}

async function answersOf(
  writer: Writer,
  questions: readonly Question[],
  judge: Exclude<Judge, "none">,
  options: WriteOptions,
): Promise<{ readonly written: string; readonly answer: string | null }[]> {
  const samples = questions.map((q) => q.dialogue);
  const possible = possibleAnswers(samples);
  if (judge === "likelihood") {
    const choices = samples.map((sample) => sample.choices ?? namedIn(askedOf(sample), possible));
    const weights = await writer.weigh(
      questions.map(({ sample, dialogue }, i) => ({
        sample,
        choices: choices[i]!.map((c) => saying(c, dialogue)),
      })),
    );
    return choices.map((of, i) => {
      const best = of[likeliest(Float32Array.from(weights[i]!))] ?? "";
      return { written: best, answer: best };
    });
  }
  const written = await writer.write(
    questions.map((q) => q.sample),
    options,
  );
  const isWhole = judge === "exact" || judge === "vqa";
  return written.map(({ text }, i) => ({
    written: text,
    answer: isWhole ? text.trim() : firstMatch(samples[i]!.choices ?? possible, text),
  }));
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

function judgeFor(questions: readonly Question[]): Judge {
  if (questions.length === 0) return "none";
  if (questions.every((q) => q.sample.kind === "image-text")) return "vqa";
  const samples = questions.map((q) => q.dialogue);
  if (samples.every((s) => s.answer !== undefined)) return "first-match";
  return samples.every((s) => s.choices !== undefined) ? "likelihood" : "none";
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
