/**
 * Trains only the weights that ask for it most: those whose gradients at the pretrained weights are largest, a share of all.
 * What is left out gets a gradient of zero at every step.
 *
 * After SAFT, Nguyen et al., ECCV 2024. https://arxiv.org/abs/2407.03036
 */
export class GradientMask {
  private readonly kept: ReadonlyMap<string, Uint32Array>;
  private readonly scratch: Float32Array;

  private constructor(kept: ReadonlyMap<string, Uint32Array>) {
    this.kept = kept;
    this.scratch = new Float32Array(Math.max(0, ...[...kept.values()].map((indices) => indices.length)));
  }

  /**
   * @param magnitudes sums of |gradient| by parameter; those of parameters that are trained whole are left out
   * @param share of all elements that stays trainable, in (0, 1]
   */
  static ofLargest(magnitudes: ReadonlyMap<string, Float32Array>, share: number): GradientMask {
    const total = [...magnitudes.values()].reduce((n, m) => n + m.length, 0);
    const count = Math.max(1, Math.round(share * total));
    const { threshold, ties } = largest([...magnitudes.values()], count);
    let tiesLeft = ties;
    const kept = new Map<string, Uint32Array>();
    for (const [name, values] of magnitudes) {
      const indices: number[] = [];
      for (let i = 0; i < values.length; i++) {
        const value = values[i]!;
        if (value > threshold || (value === threshold && tiesLeft-- > 0)) indices.push(i);
      }
      kept.set(name, Uint32Array.from(indices));
    }
    return new GradientMask(kept);
  }

  /** Elements that stay trainable. */
  get count(): number {
    return [...this.kept.values()].reduce((n, indices) => n + indices.length, 0);
  }

  /** Sets every other gradient to zero. */
  apply(gradients: ReadonlyMap<string, Float32Array>): void {
    for (const [name, indices] of this.kept) {
      const gradient = gradients.get(name);
      if (!gradient) continue;
      const { scratch } = this;
      for (let k = 0; k < indices.length; k++) scratch[k] = gradient[indices[k]!]!;
      gradient.fill(0);
      for (let k = 0; k < indices.length; k++) gradient[indices[k]!] = scratch[k]!;
    }
  }
}

/**
 * The `count`-th largest of nonnegative float32 numbers, and how many of those equal to it are among the `count` largest.
 * Bits of nonnegative floats order as the floats do, so two passes of counting find it: high halves, then low halves.
 */
function largest(
  arrays: readonly Float32Array[],
  count: number,
): { readonly threshold: number; readonly ties: number } {
  const words = arrays.map((a) => new Uint32Array(a.buffer, a.byteOffset, a.length));
  const high = pick(
    words,
    count,
    () => true,
    (bits) => bits >>> 16,
  );
  const low = pick(
    words,
    high.left,
    (bits) => bits >>> 16 === high.digit,
    (bits) => bits & 0xffff,
  );
  const bits = new Uint32Array([high.digit * 0x10000 + low.digit]);
  return { threshold: new Float32Array(bits.buffer)[0]!, ties: low.left };
}

/** The digit of the `count`-th largest word, and how many of that digit are still wanted. */
function pick(
  words: readonly Uint32Array[],
  count: number,
  takes: (bits: number) => boolean,
  digitOf: (bits: number) => number,
): { readonly digit: number; readonly left: number } {
  const counts = new Uint32Array(0x10000);
  for (const list of words) for (const bits of list) if (takes(bits)) counts[digitOf(bits)]!++;
  let left = count;
  for (let digit = 0xffff; digit > 0; digit--) {
    if (counts[digit]! >= left) return { digit, left };
    left -= counts[digit]!;
  }
  return { digit: 0, left };
}
