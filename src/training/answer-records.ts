import { askedOf } from "../data/dataset.ts";
import { bitsOfRight } from "../evaluation/right-bits.ts";
import { base64 } from "../run/bits.ts";
import type { EvaluationRecord, SampleRecord } from "../run/records.ts";
import type { EvaluationSet } from "./evaluate.ts";
import type { JudgedAnswer } from "./judge-writing.ts";
import { pickSamples, pictured, shortened } from "./samples.ts";

/** The share of answers that are right, or the VQA accuracy where people's answers decide. */
export function answerMetrics(answers: readonly JudgedAnswer[]): Record<string, number> {
  const mean = (of: (answer: JudgedAnswer) => number) =>
    answers.reduce((sum, answer) => sum + of(answer), 0) / answers.length;
  if (answers.some((a) => a.score !== undefined)) return { "vqa-accuracy": mean((a) => a.score ?? 0) };
  return { accuracy: mean((a) => Number(a.right)) };
}

/** A record with the accuracy of what was written, and which examples are right where all were asked. */
export function withAnswers<T extends Pick<EvaluationRecord, "count" | "metrics" | "correct">>(
  record: T,
  answers: readonly JudgedAnswer[],
): T {
  const isWhole = answers.length === record.count;
  const wrongness = answers.map((a) => (a.right ? 0 : 1));
  return {
    ...record,
    metrics: { ...answerMetrics(answers), ...record.metrics },
    ...(isWhole ? { correct: base64(bitsOfRight(wrongness, answers.length)) } : {}),
  };
}

/** Some answers for the report: what was asked, expected and written. */
export async function answerRecords(
  set: EvaluationSet,
  answers: readonly JudgedAnswer[],
): Promise<SampleRecord[]> {
  const picked = pickSamples(answers.map(({ right }) => (right ? 0 : 1)));
  const records = picked.map(async (i): Promise<SampleRecord> => {
    const { name, sample, image, written, expected, right } = answers[i]!;
    return {
      set: set.name,
      kind: set.kind,
      name,
      expected,
      answer: shortened(written),
      right,
      text: shortened(askedOf(sample)),
      ...(image ? await pictured(image) : {}),
    };
  });
  return Promise.all(records);
}
