/** A closed range that holds the true value in 95 % of repetitions. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A value with its interval. */
export interface Estimate extends Interval {
  readonly value: number;
}

/** How often a model was right on a set. */
export interface Hits {
  readonly count: number;
  /** Share of right answers in [0, 1]. */
  readonly share: number;
  /** 1 per right answer, in the set's order, where the run recorded them. */
  readonly right?: Uint8Array;
}

/** The 97.5 % point of the normal distribution: two-sided 95 %. */
const Z = 1.959963984540054;

/**
 * Wilson's score interval of a share. It stays inside [0, 1] and is honest at 0 % and 100 %.
 * Wilson, JASA 1927.
 */
export function shareInterval({ count, share }: Hits): Estimate {
  if (count === 0) return { value: share, low: 0, high: 1 };
  const denominator = 1 + Z ** 2 / count;
  const centre = (share + Z ** 2 / (2 * count)) / denominator;
  const half = (Z / denominator) * Math.sqrt((share * (1 - share)) / count + Z ** 2 / (4 * count ** 2));
  return { value: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** Replicates that must have told a value for an interval to be drawn from them. */
const FEWEST_DRAWS = 40;

/**
 * The middle 95 % of bootstrap draws of a metric. Draws of some metrics (ECE above all) lie beside the value on average,
 * since resampled examples repeat; what they tell of is the spread, so they are moved to have the value as their mean.
 *
 * @param range what the metric can be at all
 * @returns undefined where the draws do not vary, which says nothing, or too few of them are numbers
 */
export function drawnInterval(
  value: number,
  draws: ArrayLike<number>,
  range: readonly [lowest: number, highest: number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
): Estimate | undefined {
  const known = Float64Array.from(draws)
    .filter((draw) => Number.isFinite(draw))
    .sort();
  if (!Number.isFinite(value) || known.length < FEWEST_DRAWS || known[0] === known.at(-1)) return undefined;
  const shift = value - known.reduce((a, b) => a + b, 0) / known.length;
  return {
    value,
    // Draws of few examples are so skewed that their middle may leave out the value.
    low: Math.min(value, Math.max(range[0], percentile(known, 0.025) + shift)),
    high: Math.max(value, Math.min(range[1], percentile(known, 0.975) + shift)),
  };
}

/** Linear between the order statistics, as NumPy's default. */
export function percentile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}

/**
 * a − b of two models on one set, Newcombe's square-and-add interval of Wilson's: paired (with the correlation φ of
 * the two models' hits) where both recorded which examples were right, unpaired otherwise, which is wider.
 * Newcombe, Statistics in Medicine 1998, 17: 873–890 (method 10) and 2635–2650 (method 10).
 */
export function differenceInterval(a: Hits, b: Hits): Estimate {
  const [wa, wb] = [shareInterval(a), shareInterval(b)];
  const phi = hitCorrelation(a, b);
  const value = a.share - b.share;
  return {
    value,
    low: value - addSquares(wa.value - wa.low, wb.high - wb.value, phi),
    high: value + addSquares(wa.high - wa.value, wb.value - wb.low, phi),
  };
}

/** √(x² − 2φxy + y²): the spread of a difference whose parts correlate by φ. */
function addSquares(x: number, y: number, phi: number): number {
  return Math.sqrt(Math.max(0, x * x - 2 * phi * x * y + y * y));
}

/** φ with Newcombe's continuity correction; 0 where the examples cannot be paired. */
function hitCorrelation(a: Hits, b: Hits): number {
  if (!a.right || !b.right || a.right.length !== b.right.length) return 0;
  const n = a.right.length;
  let both = 0;
  let onlyA = 0;
  let onlyB = 0;
  for (let i = 0; i < n; i++) {
    both += a.right[i]! & b.right[i]!;
    onlyA += a.right[i]! & (1 - b.right[i]!);
    onlyB += b.right[i]! & (1 - a.right[i]!);
  }
  const neither = n - both - onlyA - onlyB;
  const spread = Math.sqrt((both + onlyA) * (onlyB + neither) * (both + onlyB) * (onlyA + neither));
  if (spread === 0) return 0;
  const product = both * neither - onlyA * onlyB;
  return (product > 0 ? Math.max(0, product - n / 2) : product) / spread;
}

/**
 * A part of a mean: its estimate, and where known one value per example, or per bootstrap replicate, which tells how the
 * parts correlate.
 */
export interface MeanPart {
  readonly estimate: Estimate;
  readonly count: number;
  readonly values?: ArrayLike<number>;
}

/**
 * The unweighted mean over sets. Sets of one size may be the same examples in several guises (one test set under
 * several corruptions): their correlation is measured example by example, or taken as full where the examples are not
 * known. Sets of different sizes count as independent.
 */
export function meanInterval(parts: readonly MeanPart[]): Estimate {
  let below = 0;
  let above = 0;
  for (const p of parts) {
    for (const q of parts) {
      const rho = p === q ? 1 : exampleCorrelation(p, q);
      below += rho * (p.estimate.value - p.estimate.low) * (q.estimate.value - q.estimate.low);
      above += rho * (p.estimate.high - p.estimate.value) * (q.estimate.high - q.estimate.value);
    }
  }
  const value = parts.reduce((sum, p) => sum + p.estimate.value, 0) / parts.length;
  return {
    value,
    low: value - Math.sqrt(Math.max(0, below)) / parts.length,
    high: value + Math.sqrt(Math.max(0, above)) / parts.length,
  };
}

function exampleCorrelation(p: MeanPart, q: MeanPart): number {
  if (p.count !== q.count) return 0;
  if (!p.values || !q.values) return 1;
  const n = p.values.length;
  let [sp, sq, spp, sqq, spq] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [p.values[i]!, q.values[i]!];
    sp += x;
    sq += y;
    spp += x * x;
    sqq += y * y;
    spq += x * y;
  }
  const spread = Math.sqrt((spp - (sp * sp) / n) * (sqq - (sq * sq) / n));
  return spread > 0 ? (spq - (sp * sq) / n) / spread : 0;
}

/** Whether the interval leaves out 0: `above`, `below`, or `same` when it does not. */
export function signOf({ low, high }: Interval): "above" | "below" | "same" {
  if (low > 0) return "above";
  return high < 0 ? "below" : "same";
}

/**
 * ln(p / (1 − p)) with p kept half an example away from 0 and 1, where it would be infinite.
 * `count` is the size of the set that p was measured on.
 */
export function logit(p: number, count: number): number {
  const margin = 0.5 / Math.max(1, count);
  const kept = Math.min(1 - margin, Math.max(margin, p));
  return Math.log(kept / (1 - kept));
}
