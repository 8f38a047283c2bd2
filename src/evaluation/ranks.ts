/** Numbers in order, to be ranked again and again under other weights. */
export class Order {
  /** Positions of the values from the smallest to the largest; equal ones in the order in which they stand, NaN last. */
  readonly ascending: Uint32Array;
  /** Where in `ascending` each run of equal values ends (the position after its last). */
  readonly ends: Uint32Array;
  /** Whether there is a NaN, which has no rank. */
  readonly hasNaN: boolean;

  constructor(values: ArrayLike<number>) {
    const { length } = values;
    // Numbers alone are sorted much faster than positions by a comparison; each position then finds its run.
    const sorted = Float64Array.from(values).sort();
    this.hasNaN = Number.isNaN(sorted[length - 1]);
    const ends: number[] = [];
    for (let i = 0; i < length; i++) {
      const isLast =
        i + 1 === length ||
        sorted[i]! < sorted[i + 1]! ||
        Number.isNaN(sorted[i + 1]) !== Number.isNaN(sorted[i]);
      if (isLast) ends.push(i + 1);
    }
    this.ends = Uint32Array.from(ends);
    this.ascending = new Uint32Array(length);
    const placed = new Uint32Array(length);
    for (let i = 0; i < length; i++) {
      const start = firstOf(sorted, values[i]!);
      this.ascending[start + placed[start]!++] = i;
    }
  }

  /**
   * Ranks from 1 on; equal values share the mean of their ranks (midranks). A value of weight k counts as k equal ones.
   *
   * @param weights 1 each if left out
   */
  midranks(weights?: ArrayLike<number>): Float64Array {
    const ranks = new Float64Array(this.ascending.length);
    let from = 0;
    let below = 0;
    for (const end of this.ends) {
      let equal = 0;
      for (let i = from; i < end; i++) equal += weights ? weights[this.ascending[i]!]! : 1;
      for (let i = from; i < end; i++) ranks[this.ascending[i]!] = below + (equal + 1) / 2;
      below += equal;
      from = end;
    }
    return ranks;
  }
}

/** Where a value's run begins in ascending numbers with NaN at their end. */
function firstOf(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = sorted[middle]!;
    if (other < value || (Number.isNaN(value) && !Number.isNaN(other))) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Ranks from 1 on; equal values share the mean of their ranks. */
export function midranks(values: ArrayLike<number>): Float64Array {
  return new Order(values).midranks();
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
