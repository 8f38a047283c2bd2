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
    // Float64Array sorts numbers as numbers, without a call for each comparison; most scores occur once.
    const sorted = Float64Array.from(values).sort();
    this.hasNaN = Number.isNaN(sorted[length - 1]);
    this.ascending = Uint32Array.from({ length }, (_, i) => i).sort((a, b) => byValue(values, a, b));
    const ends: number[] = [];
    for (let i = 0; i < length; i++) if (sorted[i] !== sorted[i + 1]) ends.push(i + 1);
    this.ends = Uint32Array.from(ends);
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

function byValue(values: ArrayLike<number>, a: number, b: number): number {
  const x = values[a]!;
  const y = values[b]!;
  return x < y ? -1 : x > y ? 1 : Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
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
