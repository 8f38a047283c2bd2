import type { Config } from "../config/schema.ts";
import type { Dataset, Dialogue, Sample, Text } from "../data/dataset.ts";
import { evenly } from "../data/views.ts";
import { COMMONSENSE_SETS, commonsenseAnswer, firstMatch } from "../evaluation/commonsense.ts";
import type { WriteOptions, Writer } from "./writer.ts";

/** One example with what was written for it. */
export interface JudgedAnswer {
  readonly name: string;
  readonly sample: Dialogue | Text;
  /** All that was written; the chosen answer, where choices were weighed. */
  readonly written: string;
  /** What counts as right. */
  readonly expected: string;
  readonly right: boolean;
}

type Judge = Exclude<Config["generation"]["judge"], "auto">;

/**
 * Judges what a model writes on a set.
 *
 * `first-match` looks for the possible answers in the text and takes the one that comes first, case-sensitive, as the
 * evaluation of LLM-Adapters does: those of the commonsense set that has all answers of the data, or the data's own.
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
  const samples = await Promise.all(
    Array.from({ length: asked.length }, async (_, i) => sourceOf(await asked.load(i))),
  );
  const dialogues = samples.filter((s) => s.kind === "dialogue");
  const judge = settings.judge === "auto" ? judgeFor(dialogues) : settings.judge;
  if (judge === "none" || dialogues.length < samples.length) return null;
  const said = await answersOf(writer, dialogues, judge, options);
  if (options.shouldStop?.() === true) return null;
  return dialogues.map((sample, i): JudgedAnswer => {
    const expected = expectedOf(sample);
    const { written, answer } = said[i]!;
    return { name: asked.name(i), sample, written, expected, right: answer === expected };
  });
}

async function answersOf(
  writer: Writer,
  samples: readonly Dialogue[],
  judge: Exclude<Judge, "none">,
  options: WriteOptions,
): Promise<{ readonly written: string; readonly answer: string | null }[]> {
  if (judge === "likelihood") {
    const weights = await writer.weigh(samples);
    return samples.map(({ choices = [] }, i) => {
      const best = weights[i]!.reduce(
        (a, w, k, all) => (w > (all[a] ?? Number.NEGATIVE_INFINITY) ? k : a),
        0,
      );
      return { written: choices[best] ?? "", answer: choices[best] ?? null };
    });
  }
  const written = await writer.write(samples, options);
  const read = judge === "exact" ? (text: string) => text.trim() : matcher(samples);
  return written.map(({ text }, i) => ({ written: text, answer: read(text, samples[i]!) }));
}

/** How an answer is found in a text. */
function matcher(samples: readonly Dialogue[]): (text: string, sample: Dialogue) => string | null {
  const answers = [...new Set(samples.map(expectedOf))];
  const set = COMMONSENSE_SETS.find((name) => answers.every((a) => commonsenseAnswer(name, a) === a));
  const own = set === undefined ? answers.sort() : null;
  return (text, { choices }) => {
    if (choices) return firstMatch(choices, text);
    return set === undefined ? firstMatch(own ?? [], text) : commonsenseAnswer(set, text);
  };
}

function judgeFor(samples: readonly Dialogue[]): Judge {
  if (samples.length === 0) return "none";
  if (samples.every((s) => s.answer !== undefined)) return "first-match";
  return samples.every((s) => s.choices !== undefined) ? "likelihood" : "none";
}

function expectedOf({ answer, messages }: Dialogue): string {
  const last = messages.at(-1);
  return answer ?? (last?.role === "assistant" ? last.content.trim() : "");
}

/** The text or dialogue that an example is. */
export function sourceOf(sample: Sample): Dialogue | Text {
  if (sample.kind === "sequence") return sample.source;
  if (sample.kind === "text" || sample.kind === "dialogue") return sample;
  throw new TypeError(`internal: an example of kind ${sample.kind} for a language model`);
}
