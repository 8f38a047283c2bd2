import { type Confusion, countsOf } from "./confusion.ts";
import type { JudgedPart } from "./meter.ts";
import { scoresOf } from "./precision-recall.ts";

/** Precision, recall and F1 of every class of a confusion matrix; a class without a name is called by its number. */
export function classParts(confusion: Confusion, classes: readonly string[]): JudgedPart[] {
  return countsOf(confusion).map((counts, c) => {
    const { support, ...metrics } = scoresOf(counts);
    return { name: classes[c] ?? `class ${c}`, count: support, metrics };
  });
}
