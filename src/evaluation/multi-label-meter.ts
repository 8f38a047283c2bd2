import { countsFrom } from "./confusion.ts";
import { softplus } from "./logits.ts";
import { type JudgedBatch, type Judgement, type Meter, weightOf } from "./meter.ts";
import { averageScores, scoresOf } from "./precision-recall.ts";
import { meanScore, Ranking } from "./ranking.ts";
import { bitsOfRight } from "./right-bits.ts";
import { ScoreSample } from "./score-sample.ts";
import { type Sums, Tally } from "./tally.ts";

type Summed = "count" | "right" | "loss" | "truePositives" | "predicted" | "support";

/**
 * Judges examples that bear any number of labels: a label is predicted where its probability is above one half.
 * An example is the more wrong the higher its loss, and right if every label is. `loss` is the mean binary cross-entropy
 * over examples and labels, in nats.
 */
export class MultiLabelMeter implements Meter {
  private readonly labels: readonly string[];
  private readonly tally: Tally<Summed>;
  /** Logits of all labels, then their truth. */
  private readonly scores: ScoreSample;
  private readonly wrongness: number[] = [];
  private count = 0;

  constructor(labels: readonly string[]) {
    const { length } = labels;
    this.labels = labels;
    this.scores = new ScoreSample(2 * length);
    this.tally = new Tally({
      ...{ count: 1, right: 1, loss: 1 },
      ...{ truePositives: length, predicted: length, support: length },
    });
  }

  /** `output` logits [B, L], `targets` [B, L]: nonzero where an example bears a label. */
  add(batch: JudgedBatch): void {
    const { output, targets, indices } = batch;
    const { tally } = this;
    const labels = this.labels.length;
    for (const [row, index] of indices.entries()) {
      const weight = weightOf(batch, row);
      const logits = output.data.subarray(row * labels, (row + 1) * labels);
      const truth = Array.from(logits, (_, c) => Number(Number(targets.data[row * labels + c]) > 0));
      let loss = 0;
      let isRight = true;
      tally.begin(index, weight);
      for (const [c, bears] of truth.entries()) {
        const logit = logits[c]!;
        loss += softplus(bears ? -logit : logit) / labels;
        const said = Number(logit > 0);
        tally.add("truePositives", said * bears, c);
        tally.add("predicted", said, c);
        tally.add("support", bears, c);
        isRight &&= said === bears;
      }
      tally.add("count", 1);
      tally.add("right", Number(isRight));
      tally.add("loss", loss);
      this.scores.add(index, weight, [...logits, ...truth]);
      this.wrongness[index] = isRight ? 0 : loss;
      this.count++;
    }
  }

  result(): Judgement {
    const { count, wrongness, labels } = this;
    const summed = this.tally.judge(metricsOf);
    const { scores } = this;
    const { weights, rows } = scores;
    const ranked = labels.map((_, c) => {
      const ranking = new Ranking(scores.column(c), scores.column(labels.length + c));
      return { auroc: ranking.auroc(weights), precision: ranking.averagePrecision(weights) };
    });
    const means = scores.along({
      auroc: meanScore(
        ranked.map((r) => r.auroc),
        rows,
      ),
      map: meanScore(
        ranked.map((r) => r.precision),
        rows,
      ),
    });
    return {
      count,
      metrics: { ...summed.metrics, ...means.metrics },
      draws: { ...summed.draws, ...means.draws },
      correct: bitsOfRight(wrongness, count),
      wrongness,
      parts: countsFrom(this.tally.sums).map((counts, c) => {
        const { support, precision, recall, f1 } = scoresOf(counts);
        const areas = { auroc: ranked[c]!.auroc.value, "average-precision": ranked[c]!.precision.value };
        return { name: labels[c]!, count: support, metrics: { precision, recall, f1, ...areas } };
      }),
    };
  }
}

function metricsOf(sums: Sums<Summed>): Record<string, number> {
  const counts = countsFrom(sums);
  return {
    "subset-accuracy": sums.right[0]! / sums.count[0]!,
    "micro-f1": averageScores(counts, "micro").f1,
    "macro-f1": averageScores(counts, "macro").f1,
    loss: sums.loss[0]! / sums.count[0]!,
  };
}
