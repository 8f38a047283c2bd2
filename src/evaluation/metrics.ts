import type { JudgedBatch, Judgement, Meter } from "./meter.ts";

/**
 * Judges a classifier: `accuracy`, the share of examples whose largest logit is their class, and `loss`, the mean
 * cross-entropy in nats. A mistake is the more wrong the surer it was: 1 + the probability of the predicted class.
 */
export class ClassificationMeter implements Meter {
  private readonly classes: number;
  private readonly confusion: number[][];
  private readonly wrongness: number[] = [];
  private count = 0;
  private right = 0;
  private loss = 0;

  constructor(classes: number) {
    this.classes = classes;
    this.confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  }

  /** `output` logits [B, C], `targets` class indices [B]. */
  add({ output, targets, indices }: JudgedBatch): void {
    indices.forEach((index, row) => {
      const label = Number(targets.data[row]);
      const at = row * this.classes;
      const best = argmax(output.data, at, this.classes);
      const logSum = logSumExp(output.data, at, this.classes);
      this.loss += logSum - output.data[at + label]!;
      this.confusion[label]![best]!++;
      this.wrongness[index] = best === label ? 0 : 1 + Math.exp(output.data[at + best]! - logSum);
      this.count++;
      if (best === label) this.right++;
    });
  }

  result(): Judgement {
    const { count, wrongness } = this;
    const correct = new Uint8Array(Math.ceil(count / 8));
    for (let i = 0; i < count; i++) if (wrongness[i] === 0) correct[i >> 3]! |= 1 << (i & 7);
    return {
      count,
      metrics: { accuracy: this.right / count, loss: this.loss / count },
      confusion: this.confusion,
      correct,
      wrongness,
    };
  }
}

/** Probabilities of one row of logits. */
export function softmax(logits: Float32Array, at: number, classes: number): number[] {
  const total = logSumExp(logits, at, classes);
  return Array.from({ length: classes }, (_, c) => Math.exp(logits[at + c]! - total));
}

function argmax(logits: Float32Array, at: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if (logits[at + c]! > logits[at + best]!) best = c;
  return best;
}

function logSumExp(logits: Float32Array, at: number, classes: number): number {
  const top = logits[at + argmax(logits, at, classes)]!;
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp(logits[at + c]! - top);
  return top + Math.log(sum);
}
