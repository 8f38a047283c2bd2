import { argmax, logSumExp } from "./logits.ts";
import type { JudgedBatch } from "./meter.ts";

/** Targets below 0 are not judged: padding, inner pieces of words, the prompt. */
export interface JudgedToken {
  /** Place in the sequence. */
  readonly position: number;
  readonly label: number;
  readonly predicted: number;
  /** −ln p of the label. */
  readonly loss: number;
}

/**
 * The judged places of each sequence of a batch.
 *
 * @param batch `output` logits [B, T, C], `targets` class indices [B, T], negative where nothing is judged
 */
export function* judgedTokens({ output, targets, indices }: JudgedBatch): Generator<{
  readonly row: number;
  readonly index: number;
  readonly tokens: readonly JudgedToken[];
}> {
  const [, length = 0, classes = 0] = output.dims;
  for (const [row, index] of indices.entries()) {
    const tokens: JudgedToken[] = [];
    for (let position = 0; position < length; position++) {
      const label = Number(targets.data[row * length + position]);
      if (label < 0) continue;
      const at = (row * length + position) * classes;
      const predicted = argmax(output.data, at, classes);
      const loss = logSumExp(output.data, at, classes) - output.data[at + label]!;
      tokens.push({ position, label, predicted, loss });
    }
    yield { row, index, tokens };
  }
}
