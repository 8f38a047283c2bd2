import { askedOf } from "../data/dataset.ts";
import { intervalsOf } from "../evaluation/estimates.ts";
import { bitsOfRight } from "../evaluation/right-bits.ts";
import { type Drawn, Tally } from "../evaluation/tally.ts";
import { base64 } from "../run/bits.ts";
import type { EvaluationRecord, IntervalRecords, SampleRecord, SetSummary } from "../run/records.ts";
import { drawsRecord, type EvaluationSet } from "./evaluate.ts";
import type { JudgedAnswer } from "./judge-writing.ts";
import { pickSamples, pictured, shortened } from "./samples.ts";

/** What the answers of a set come to: figures with their intervals, and which ones are right. */
export interface JudgedWriting extends Drawn {
  /** Answers judged. */
  readonly asked: number;
  readonly intervals: IntervalRecords;
  /** Which of them are right, by bits. */
  readonly correct: Uint8Array;
}

/** The share of answers that are right, or the VQA accuracy where people's answers decide. */
export function judgeAnswers(
  answers: readonly JudgedAnswer[],
  { weighted }: Pick<EvaluationSet, "weighted">,
): JudgedWriting {
  const isScored = answers.some((a) => a.score !== undefined);
  const tally = new Tally({ count: 1, score: 1 });
  for (const [i, { right, weight = 1, score = Number(right) }] of answers.entries()) {
    tally.begin(i, weighted ? weight : 1);
    tally.add("count", 1);
    tally.add("score", score);
  }
  const name = isScored ? "vqa-accuracy" : "accuracy";
  const wrongness = answers.map((a) => (a.right ? 0 : 1));
  const asked = answers.length;
  const drawn = tally.judge(({ count, score }) => ({ [name]: score[0]! / count[0]! }));
  return {
    ...drawn,
    asked,
    intervals: intervalsOf({ count: asked, ...drawn }),
    correct: bitsOfRight(wrongness, asked),
  };
}

/** A record with the accuracy of what was written, and which of the asked examples are right. */
export function withAnswers<T extends SetSummary | EvaluationRecord>(
  record: T,
  answers: readonly JudgedAnswer[],
  set: Pick<EvaluationSet, "weighted">,
): T {
  const { asked, metrics, intervals, draws, correct } = judgeAnswers(answers, set);
  return {
    ...record,
    ...(asked === record.count ? {} : { asked }),
    metrics: { ...metrics, ...record.metrics },
    intervals: { ...intervals, ...record.intervals },
    ...("draws" in record ? { draws: { ...drawsRecord(draws), ...record.draws } } : {}),
    correct: base64(correct),
  };
}

/** Some answers for the report: what was asked, expected and written. */
export async function answerRecords(
  set: EvaluationSet,
  answers: readonly JudgedAnswer[],
): Promise<SampleRecord[]> {
  const picked = pickSamples(answers.map(({ right }) => (right ? 0 : 1)));
  const records = picked.map(async (i): Promise<SampleRecord> => {
    const { name, sample, written, expected, right } = answers[i]!;
    const image = await answers[i]!.image();
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
