/**
 * Answers that may be given in each of the eight commonsense sets, in the phrase "the correct answer is …".
 * AGI-Edgerunners/LLM-Adapters, commonsense_evaluate.py.
 */
const ANSWERS = {
  boolq: ["true", "false"],
  piqa: numbered("solution", 2),
  social_i_qa: numbered("answer", 5),
  hellaswag: numbered("ending", 4),
  winogrande: numbered("option", 2),
  "ARC-Easy": numbered("answer", 5),
  "ARC-Challenge": numbered("answer", 5),
  openbookqa: numbered("answer", 5),
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type CommonsenseSet = keyof typeof ANSWERS;

/** Names of the eight sets, in the order of the published tables. */
export const COMMONSENSE_SETS = Object.keys(ANSWERS) as readonly CommonsenseSet[]; // the object's own keys

/** What may be answered in one of the eight sets. */
export function commonsenseAnswers(set: CommonsenseSet): readonly string[] {
  return ANSWERS[set];
}

/** What a generated text answers in one of the eight sets, or null if it gives no answer. */
export function commonsenseAnswer(set: CommonsenseSet, generated: string): string | null {
  return firstMatch(ANSWERS[set], generated);
}

/** The choice that a text names first, case-sensitive; of choices at one place the one listed first. Null if none. */
export function firstMatch(choices: readonly string[], text: string): string | null {
  let found: string | null = null;
  let at = Number.POSITIVE_INFINITY;
  for (const choice of choices) {
    const place = text.indexOf(choice);
    if (place >= 0 && place < at) [found, at] = [choice, place];
  }
  return found;
}

function numbered(word: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${word}${i + 1}`);
}
