/** Probabilities of one row of logits. */
export function softmax(logits: ArrayLike<number>, at: number, classes: number): number[] {
  const total = logSumExp(logits, at, classes);
  return Array.from({ length: classes }, (_, c) => Math.exp(logits[at + c]! - total));
}

/** Index of the largest of a row; the first one of several. */
export function argmax(logits: ArrayLike<number>, at: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if (logits[at + c]! > logits[at + best]!) best = c;
  return best;
}

/** Indices of the `count` largest, the largest first; of equals the first one first. */
export function largest(values: readonly number[], count: number): number[] {
  const found: number[] = [];
  for (let c = 0; c < values.length; c++) {
    // Few are larger than the least of those that were found: most are looked at once.
    if (found.length === count && !(values[c]! > values[found[count - 1]!]!)) continue;
    let at = Math.min(found.length, count - 1);
    while (at > 0 && values[c]! > values[found[at - 1]!]!) at--;
    found.splice(at, 0, c);
    found.length = Math.min(found.length, count);
  }
  return found;
}

/** ln Σ exp of a row, without overflow. */
export function logSumExp(logits: ArrayLike<number>, at: number, classes: number): number {
  const top = logits[at + argmax(logits, at, classes)]!;
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp(logits[at + c]! - top);
  return top + Math.log(sum);
}

/** ln(1 + exp(x)), without overflow: the binary cross-entropy of logit x against 0, or of −x against 1. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
