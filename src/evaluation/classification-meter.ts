import { auroc } from "./auroc.ts";
import { brierScore, expectedCalibrationError, Reliability } from "./calibration.ts";
import { meanOfKnown, scoreColumns } from "./columns.ts";
import { accuracyOf, balancedAccuracy, occurring } from "./confusion.ts";
import { argmax, logSumExp, softmax } from "./logits.ts";
import type { JudgedBatch, Judgement, Meter } from "./meter.ts";
import { averageScores } from "./precision-recall.ts";
import { placeOf } from "./ranks.ts";
import { bitsOfRight } from "./right-bits.ts";
import { RowSample } from "./row-sample.ts";

/** With this many classes or fewer, being among the first five says nothing. */
const TOP = 5;

/**
 * Judges a classifier: `accuracy`, the share of examples whose largest logit is their class; what a confusion matrix
 * tells; how well the classes are ordered (`auroc`) and how honest the probabilities are (`ece`, `brier`); `loss`, the
 * mean cross-entropy in nats. A mistake is the more wrong the surer it was: 1 + the probability of the predicted class.
 */
export class ClassificationMeter implements Meter {
  private readonly classes: number;
  private readonly confusion: number[][];
  private readonly reliability = new Reliability();
  /** ln(p / (1 − p)) of every class, then the label. */
  private readonly scores: RowSample;
  private readonly wrongness: number[] = [];
  private count = 0;
  private amongFirst = 0;
  private brier = 0;
  private loss = 0;

  constructor(classes: number) {
    this.classes = classes;
    this.confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
    this.scores = new RowSample(classes + 1);
  }

  /** `output` logits [B, C], `targets` class indices [B]. */
  add({ output, targets, indices }: JudgedBatch): void {
    const { classes } = this;
    for (const [row, index] of indices.entries()) {
      const label = Number(targets.data[row]);
      const at = row * classes;
      const best = argmax(output.data, at, classes);
      const logSum = logSumExp(output.data, at, classes);
      const probabilities = softmax(output.data, at, classes);
      const confidence = probabilities[best]!;
      this.loss += logSum - output.data[at + label]!;
      this.brier += brierScore(probabilities, label);
      this.confusion[label]![best]!++;
      this.reliability.add(confidence, best === label);
      this.scores.add([...probabilities.map((_, c) => logOdds(output.data[at + c]! - logSum)), label]);
      if (placeOf(output.data, at, classes, label) < TOP) this.amongFirst++;
      this.wrongness[index] = best === label ? 0 : 1 + confidence;
      this.count++;
    }
  }

  result(): Judgement {
    const { classes, count, confusion, wrongness } = this;
    const reliability = this.reliability.bins();
    return {
      count,
      metrics: {
        accuracy: accuracyOf(confusion),
        "macro-f1": averageScores(occurring(confusion), "macro").f1,
        auroc: this.auroc(),
        "balanced-accuracy": balancedAccuracy(confusion),
        ...(classes > TOP ? { "top-5": this.amongFirst / count } : {}),
        ece: expectedCalibrationError(reliability),
        brier: this.brier / count,
        loss: this.loss / count,
      },
      confusion,
      correct: bitsOfRight(wrongness, count),
      wrongness,
      reliability,
    };
  }

  /** Each class against the rest, by its probability. */
  private auroc(): number {
    const { classes: columns, scores } = this;
    const table = { rows: scores.rows, columns, at: (row: number, c: number) => scores.at(row, c) };
    return meanOfKnown(scoreColumns(auroc, table, (row, c) => scores.at(row, columns) === c));
  }
}

/** ln(p / (1 − p)) of ln p: in the order of p, and it tells probabilities near 1 apart, which p in float32 does not. */
function logOdds(logP: number): number {
  return logP - Math.log(-Math.expm1(logP));
}
