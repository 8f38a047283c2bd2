/** What a classifier did on a set. */
export interface ClassificationResult {
  /** Examples judged. */
  readonly count: number;
  /** Mean cross-entropy, natural logarithm. */
  readonly loss: number;
  /** Share of examples whose largest logit is their class. */
  readonly accuracy: number;
  /** Counts [true class][predicted class]. */
  readonly confusion: readonly (readonly number[])[];
  /** Predicted class of each example, in the order judged. */
  readonly predicted: readonly number[];
  /** Whether each example was right, packed as records keep it: bit i % 8 of byte ⌊i / 8⌋. */
  readonly correct: Uint8Array;
}

/** Gathers the results of a classifier batch by batch. */
export class ClassificationMeter {
  private readonly classes: number;
  private readonly confusion: number[][];
  private readonly predicted: number[] = [];
  private readonly right: boolean[] = [];
  private loss = 0;

  constructor(classes: number) {
    this.classes = classes;
    this.confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  }

  /**
   * @param logits [B, C] row-major; rows from `labels.length` on are padding
   * @param labels class index of each real row
   */
  add(logits: Float32Array, labels: readonly number[]): void {
    labels.forEach((label, row) => {
      const at = row * this.classes;
      const best = argmax(logits, at, this.classes);
      this.loss += logSumExp(logits, at, this.classes) - logits[at + label]!;
      this.confusion[label]![best]!++;
      this.predicted.push(best);
      this.right.push(best === label);
    });
  }

  result(): ClassificationResult {
    const count = this.predicted.length;
    const correct = new Uint8Array(Math.ceil(count / 8));
    this.right.forEach((isRight, i) => {
      if (isRight) correct[i >> 3]! |= 1 << (i & 7);
    });
    return {
      count,
      loss: this.loss / count,
      accuracy: this.right.filter(Boolean).length / count,
      confusion: this.confusion,
      predicted: this.predicted,
      correct,
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
