import { auroc } from "./auroc.ts";
import { averagePrecision } from "./average-precision.ts";
import { meanOfKnown, scoreColumns } from "./columns.ts";
import { softplus } from "./logits.ts";
import type { JudgedBatch, Judgement, Meter } from "./meter.ts";
import { averageScores, type Counts, scoresOf } from "./precision-recall.ts";
import { bitsOfRight } from "./right-bits.ts";
import { RowSample } from "./row-sample.ts";

/**
 * Judges examples that bear any number of labels: a label is predicted where its probability is above one half.
 * An example is the more wrong the higher its loss, and right if every label is. `loss` is the mean binary cross-entropy
 * over examples and labels, in nats.
 */
export class MultiLabelMeter implements Meter {
  private readonly labels: readonly string[];
  private readonly counts: { truePositives: number; falsePositives: number; falseNegatives: number }[];
  /** Logits of all labels, then their truth. */
  private readonly scores: RowSample;
  private readonly wrongness: number[] = [];
  private count = 0;
  private loss = 0;

  constructor(labels: readonly string[]) {
    this.labels = labels;
    this.counts = labels.map(() => ({ truePositives: 0, falsePositives: 0, falseNegatives: 0 }));
    this.scores = new RowSample(2 * labels.length);
  }

  /** `output` logits [B, L], `targets` [B, L]: nonzero where an example bears a label. */
  add({ output, targets, indices }: JudgedBatch): void {
    const labels = this.labels.length;
    for (const [row, index] of indices.entries()) {
      const logits = output.data.subarray(row * labels, (row + 1) * labels);
      const truth = Array.from(logits, (_, c) => Number(Number(targets.data[row * labels + c]) > 0));
      let loss = 0;
      let isRight = true;
      for (const [c, bears] of truth.entries()) {
        const logit = logits[c]!;
        loss += softplus(bears ? -logit : logit) / labels;
        const counts = this.counts[c]!;
        if (logit > 0 && bears) counts.truePositives++;
        else if (logit > 0) counts.falsePositives++;
        else if (bears) counts.falseNegatives++;
        isRight &&= logit > 0 === bears > 0;
      }
      this.scores.add([...logits, ...truth]);
      this.loss += loss;
      this.wrongness[index] = isRight ? 0 : loss;
      this.count++;
    }
  }

  result(): Judgement {
    const { count, counts, scores, wrongness } = this;
    const columns = this.labels.length;
    const table = { rows: scores.rows, columns, at: (row: number, c: number) => scores.at(row, c) };
    const isPositive = (row: number, c: number) => scores.at(row, columns + c) > 0;
    const areas = scoreColumns(auroc, table, isPositive);
    const precisions = scoreColumns(averagePrecision, table, isPositive);
    const correct = bitsOfRight(wrongness, count);
    return {
      count,
      metrics: {
        "subset-accuracy": wrongness.filter((w) => w === 0).length / count,
        "micro-f1": averageScores(counts, "micro").f1,
        "macro-f1": averageScores(counts, "macro").f1,
        auroc: meanOfKnown(areas),
        map: meanOfKnown(precisions),
        loss: this.loss / count,
      },
      correct,
      wrongness,
      parts: this.labels.map((name, c) => partOf(name, counts[c]!, areas[c]!, precisions[c]!)),
    };
  }
}

function partOf(name: string, counts: Counts, area: number, averagePrecision: number) {
  const { support, precision, recall, f1 } = scoresOf(counts);
  const metrics = { precision, recall, f1, auroc: area, "average-precision": averagePrecision };
  return { name, count: support, metrics };
}
