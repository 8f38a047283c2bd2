/** How one class, label or type did against everything else. */
export interface Counts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
}

/** Precision, recall and F1, each 0 where it would be 0 / 0. */
export interface Scores {
  /** Share of what was predicted that is right. */
  readonly precision: number;
  /** Share of what is there that was found. */
  readonly recall: number;
  /** 2PR / (P + R). */
  readonly f1: number;
  /** How many there are. */
  readonly support: number;
}

/** `macro` is the plain mean over classes, `weighted` one by support, `micro` counts everything together. */
export type Average = "macro" | "micro" | "weighted";

export function scoresOf({ truePositives, falsePositives, falseNegatives }: Counts): Scores {
  const support = truePositives + falseNegatives;
  return {
    precision: ratio(truePositives, truePositives + falsePositives),
    recall: ratio(truePositives, support),
    f1: ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
    support,
  };
}

/** Scores of several classes as one. `macro` and `weighted` F1 are means of F1, not the F1 of means. */
export function averageScores(classes: readonly Counts[], how: Average): Scores {
  if (how === "micro") {
    const sum = (key: keyof Counts) => classes.reduce((total, counts) => total + counts[key], 0);
    return scoresOf({
      truePositives: sum("truePositives"),
      falsePositives: sum("falsePositives"),
      falseNegatives: sum("falseNegatives"),
    });
  }
  const scores = classes.map(scoresOf);
  const weight = (s: Scores) => (how === "weighted" ? s.support : 1);
  const weights = scores.reduce((total, s) => total + weight(s), 0);
  const mean = (key: keyof Scores) =>
    ratio(
      scores.reduce((total, s) => total + weight(s) * s[key], 0),
      weights,
    );
  return {
    precision: mean("precision"),
    recall: mean("recall"),
    f1: mean("f1"),
    support: scores.reduce((total, s) => total + s.support, 0),
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
