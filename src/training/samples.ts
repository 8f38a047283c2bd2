import { type Sample, wordsOf } from "../data/dataset.ts";
import { encodePng } from "../data/encode-png.ts";
import { base64 } from "../run/bits.ts";
import type { SampleRecord } from "../run/records.ts";
import type { Said, Task } from "../tasks/task.ts";
import { rowOf } from "../tensor/tensor.ts";
import type { EvaluationSet, Predictor } from "./evaluate.ts";

/** Examples shown per set: half of them wrong, if there are that many. */
const PER_SET = 16;

/** Picks examples that are worth a look: the worst mistakes first, then right ones spread over the set. */
export function pickSamples(wrongness: ArrayLike<number>): number[] {
  const all = Array.from({ length: wrongness.length }, (_, i) => i);
  const wrong = all.filter((i) => wrongness[i]! > 0).sort((a, b) => wrongness[b]! - wrongness[a]!);
  const mistakes = wrong.slice(0, PER_SET / 2);
  const right = all.filter((i) => wrongness[i] === 0);
  // Where nothing is ever quite right, the others stand for what is usual.
  const rest = right.length > 0 ? right : wrong.slice(PER_SET / 2).sort((a, b) => a - b);
  const count = Math.min(rest.length, PER_SET - mistakes.length);
  const spread = Array.from({ length: count }, (_, i) => rest[Math.floor((i * rest.length) / count)]!);
  return [...mistakes, ...spread];
}

/** The picked examples with what the model says of them, as the run folder keeps them. */
export async function sampleRecords(
  predictor: Predictor,
  set: EvaluationSet,
  picked: readonly number[],
  options: Pick<Said, "classes" | "tokenizer"> & { readonly task: Task },
): Promise<SampleRecord[]> {
  const { task, classes, tokenizer } = options;
  if (picked.length === 0) return [];
  const records: SampleRecord[] = [];
  const { dataset, epoch } = set.pick(picked);
  for await (const batch of epoch(0)) {
    const output = await predictor.predict(batch);
    for (const [row, index] of batch.indices.entries()) {
      const sample = await dataset.load(index);
      const said = { output: rowOf(output, row), sample, classes, tokenizer };
      const target = rowOf(batch.targets, row);
      records.push({
        set: set.name,
        kind: set.kind,
        name: dataset.name(index),
        ...task.show(said, target),
        ...(await pictured(task.picture?.(said, target) ?? sample)),
      });
    }
  }
  return records;
}

/** What a page shows of the example itself. */
export async function pictured(sample: Sample): Promise<Pick<SampleRecord, "png" | "text">> {
  if (sample.kind === "image") return { png: base64(await encodePng(sample)) };
  if (sample.kind === "image-text")
    return { ...(await pictured(sample.image)), ...(await pictured(sample.text)) };
  return sample.kind === "tokens" || sample.kind === "sequence"
    ? { text: shortened(wordsOf(sample.source)) }
    : {};
}

/** Characters of a text that a page shows. */
const SHOWN = 280;

/** A text as far as a page shows it. */
export function shortened(whole: string): string {
  return whole.length > SHOWN ? `${whole.slice(0, SHOWN)}…` : whole;
}
