import {
  brierScore,
  calibrationFrom,
  expectedCalibrationError,
  RELIABILITY_BINS,
  Reliability,
} from "./calibration.ts";
import { balancedAccuracy, countsFrom, occurring } from "./confusion.ts";
import { argmax, logSumExp, softmax } from "./logits.ts";
import { type JudgedBatch, type Judgement, type Meter, weightOf } from "./meter.ts";
import { averageScores } from "./precision-recall.ts";
import { meanScore, Ranking } from "./ranking.ts";
import { placeOf } from "./ranks.ts";
import { bitsOfRight } from "./right-bits.ts";
import { ScoreSample } from "./score-sample.ts";
import { type Sums, Tally } from "./tally.ts";

/** With this many classes or fewer, being among the first five says nothing. */
const TOP = 5;

/** What is summed up over examples: of classes, and of bins of confidence, one number each. */
type Summed =
  | "count"
  | "right"
  | "amongFirst"
  | "brier"
  | "loss"
  | ("truePositives" | "predicted" | "support")
  | ("binCount" | "binConfidence" | "binRight");

/**
 * Judges a classifier: `accuracy`, the share of examples whose largest logit is their class; what a confusion matrix
 * tells; how well the classes are ordered (`auroc`) and how honest the probabilities are (`ece`, `brier`); `loss`, the
 * mean cross-entropy in nats. A mistake is the more wrong the surer it was: 1 + the probability of the predicted class.
 */
export class ClassificationMeter implements Meter {
  private readonly classes: number;
  private readonly confusion: number[][];
  private readonly reliability = new Reliability();
  private readonly tally: Tally<Summed>;
  /** ln(p / (1 − p)) of every class, then the label. */
  private readonly scores: ScoreSample;
  private readonly wrongness: number[] = [];
  private count = 0;

  constructor(classes: number) {
    this.classes = classes;
    this.confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
    this.scores = new ScoreSample(classes + 1);
    this.tally = new Tally({
      ...{ count: 1, right: 1, amongFirst: 1, brier: 1, loss: 1 },
      ...{ truePositives: classes, predicted: classes, support: classes },
      ...{ binCount: RELIABILITY_BINS, binConfidence: RELIABILITY_BINS, binRight: RELIABILITY_BINS },
    });
  }

  /** `output` logits [B, C], `targets` class indices [B]. */
  add(batch: JudgedBatch): void {
    const { classes, tally } = this;
    const { output, targets, indices } = batch;
    for (const [row, index] of indices.entries()) {
      const weight = weightOf(batch, row);
      const label = Number(targets.data[row]);
      const at = row * classes;
      const best = argmax(output.data, at, classes);
      const isRight = best === label;
      const logSum = logSumExp(output.data, at, classes);
      const probabilities = softmax(output.data, at, classes);
      const confidence = probabilities[best]!;
      tally.begin(index, weight);
      tally.add("count", 1);
      tally.add("support", 1, label);
      tally.add("predicted", 1, best);
      tally.add("loss", logSum - output.data[at + label]!);
      tally.add("brier", brierScore(probabilities, label));
      if (placeOf(output.data, at, classes, label) < TOP) tally.add("amongFirst", 1);
      const bin = this.reliability.add(confidence, isRight, weight);
      tally.add("binCount", 1, bin);
      tally.add("binConfidence", confidence, bin);
      if (isRight) {
        tally.add("right", 1);
        tally.add("truePositives", 1, label);
        tally.add("binRight", 1, bin);
      }
      const odds = probabilities.map((_, c) => logOdds(output.data[at + c]! - logSum));
      this.scores.add(index, weight, [...odds, label]);
      this.confusion[label]![best]! += weight;
      this.wrongness[index] = isRight ? 0 : 1 + confidence;
      this.count++;
    }
  }

  result(): Judgement {
    const { count, confusion, wrongness } = this;
    const summed = this.tally.judge((sums) => this.metricsOf(sums));
    const ranked = this.ranked();
    // Tables that have no room for all show the first ones.
    const { accuracy, "macro-f1": macroF1, ...others } = summed.metrics;
    return {
      count,
      metrics: { accuracy, "macro-f1": macroF1, ...ranked.metrics, ...others },
      draws: { ...summed.draws, ...ranked.draws },
      confusion,
      correct: bitsOfRight(wrongness, count),
      wrongness,
      reliability: this.reliability.bins(),
    };
  }

  private metricsOf(sums: Sums<Summed>) {
    const count = sums.count[0]!;
    const mean = (sum: Float64Array) => sum[0]! / count;
    const classes = countsFrom(sums);
    return {
      accuracy: mean(sums.right),
      "macro-f1": averageScores(occurring(classes), "macro").f1,
      "balanced-accuracy": balancedAccuracy(classes),
      ...(this.classes > TOP ? { "top-5": mean(sums.amongFirst) } : {}),
      ece: expectedCalibrationError(calibrationFrom(sums.binCount, sums.binConfidence, sums.binRight)),
      brier: mean(sums.brier),
      loss: mean(sums.loss),
    };
  }

  /** Each class against the rest, by its probability. */
  private ranked() {
    const { classes, scores } = this;
    const labels = scores.column(classes);
    const { weights } = scores;
    const areas = Array.from({ length: classes }, (_, c) => {
      const isOfClass = labels.map((label) => Number(label === c));
      return new Ranking(scores.column(c), isOfClass).auroc(weights);
    });
    return scores.along({ auroc: meanScore(areas, scores.rows) });
  }
}

/** ln(p / (1 − p)) of ln p: in the order of p, and it tells probabilities near 1 apart, which p in float32 does not. */
function logOdds(logP: number): number {
  return logP - Math.log(-Math.expm1(logP));
}
