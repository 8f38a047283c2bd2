import { wordsOf } from "../data/dataset.ts";
import { bitsOfRight } from "../evaluation/right-bits.ts";
import { base64 } from "../run/bits.ts";
import type { EvaluationRecord, SampleRecord } from "../run/records.ts";
import type { EvaluationSet } from "./evaluate.ts";
import type { JudgedAnswer } from "./judge-writing.ts";
import { pickSamples, shortened } from "./samples.ts";

/** The share of answers that are right. */
export function accuracyOf(answers: readonly JudgedAnswer[]): number {
  return answers.filter((a) => a.right).length / answers.length;
}

/** A record with the accuracy of what was written, and which examples are right where all were asked. */
export function withAnswers(record: EvaluationRecord, answers: readonly JudgedAnswer[]): EvaluationRecord {
  const isWhole = answers.length === record.count;
  const wrongness = answers.map((a) => (a.right ? 0 : 1));
  return {
    ...record,
    metrics: { accuracy: accuracyOf(answers), ...record.metrics },
    ...(isWhole ? { correct: base64(bitsOfRight(wrongness, answers.length)) } : {}),
  };
}

/** Some answers for the report: what was asked, expected and written. */
export function answerRecords(set: EvaluationSet, answers: readonly JudgedAnswer[]): SampleRecord[] {
  const picked = pickSamples(answers.map(({ right }) => (right ? 0 : 1)));
  return picked.map((i): SampleRecord => {
    const { name, sample, written, expected, right } = answers[i]!;
    return {
      set: set.name,
      kind: set.kind,
      name,
      expected,
      answer: shortened(written),
      right,
      text: shortened(promptOf(sample)),
    };
  });
}

function promptOf(sample: JudgedAnswer["sample"]): string {
  if (sample.kind === "text") return sample.text;
  return wordsOf({ ...sample, messages: sample.messages.filter((m) => m.role !== "assistant") });
}
