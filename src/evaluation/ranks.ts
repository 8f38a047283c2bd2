/** Positions of values from the smallest to the largest; equal ones in the order in which they stand. */
function ascending(values: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: values.length }, (_, i) => i).sort(
    (a, b) => values[a]! - values[b]! || a - b,
  );
}

/** Ranks from 1 on; equal values share the mean of their ranks (midranks). */
export function midranks(values: ArrayLike<number>): Float64Array {
  const order = ascending(values);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

/**
 * Place of one score among a row's scores, 0 for the largest. Of equal scores the earlier one comes first, as `argmax`
 * has it.
 */
export function placeOf(scores: ArrayLike<number>, start: number, length: number, index: number): number {
  const own = scores[start + index]!;
  let place = 0;
  for (let i = 0; i < length; i++) {
    const other = scores[start + i]!;
    if (other > own || (other === own && i < index)) place++;
  }
  return place;
}
