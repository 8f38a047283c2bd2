/** Examples whose confidence lies in one bin. */
export interface ReliabilityBin {
  readonly count: number;
  /** Mean confidence of the bin's examples; 0 in an empty bin. */
  readonly confidence: number;
  /** Share of them that are right; 0 in an empty bin. */
  readonly accuracy: number;
}

/** Bins of the usual reliability diagram. Guo et al., ICML 2017. */
export const RELIABILITY_BINS = 15;

/** Gathers how sure a model was and how often it was right, in bins (i / n, (i + 1) / n] of equal width. */
export class Reliability {
  private readonly counts: Float64Array;
  private readonly confidences: Float64Array;
  private readonly right: Float64Array;

  constructor(bins: number = RELIABILITY_BINS) {
    this.counts = new Float64Array(bins);
    this.confidences = new Float64Array(bins);
    this.right = new Float64Array(bins);
  }

  /** @param confidence probability of the predicted class, in [0, 1] @returns the bin that it lies in */
  add(confidence: number, isRight: boolean, weight: number = 1): number {
    const bins = this.counts.length;
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    this.counts[bin]! += weight;
    this.confidences[bin]! += weight * confidence;
    if (isRight) this.right[bin]! += weight;
    return bin;
  }

  bins(): ReliabilityBin[] {
    return calibrationFrom(this.counts, this.confidences, this.right);
  }
}

/** Bins from sums over their examples. */
export function calibrationFrom(
  counts: ArrayLike<number>,
  confidences: ArrayLike<number>,
  right: ArrayLike<number>,
): ReliabilityBin[] {
  return Array.from(counts, (count, i) => ({
    count,
    confidence: count === 0 ? 0 : confidences[i]! / count,
    accuracy: count === 0 ? 0 : right[i]! / count,
  }));
}

/** ECE = Σ (nᵦ / n) |accuracyᵦ − confidenceᵦ|. Naeini et al., AAAI 2015. @returns NaN without examples */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  const total = bins.reduce((n, bin) => n + bin.count, 0);
  return bins.reduce((sum, b) => sum + b.count * Math.abs(b.accuracy - b.confidence), 0) / total;
}

/** Σ_c (p_c − [c is the class])² of one example: 0 to 2. Brier, Monthly Weather Review 1950. */
export function brierScore(probabilities: ArrayLike<number>, label: number): number {
  let sum = 0;
  for (let c = 0; c < probabilities.length; c++) sum += (probabilities[c]! - (c === label ? 1 : 0)) ** 2;
  return sum;
}
