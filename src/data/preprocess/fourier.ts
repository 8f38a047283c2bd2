/**
 * The squared magnitudes of a discrete Fourier transform of `size` real numbers: power[k] = |Σ_j x_j e^(−2πijk/size)|²
 * for k = 0 … ⌊size / 2⌋, by decimation in time with the prime factors of `size` (Cooley and Tukey, 1965), in float64.
 *
 * The function that is returned writes to `power` and keeps memory of its own, so it must not be called while it runs.
 */
export function powerSpectrum(size: number): (x: Float64Array, power: Float64Array) => void {
  const cos = Float64Array.from({ length: size }, (_, j) => Math.cos((2 * Math.PI * j) / size));
  const sin = Float64Array.from({ length: size }, (_, j) => -Math.sin((2 * Math.PI * j) / size));
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  const largest = primeFactors(size).at(-1) ?? 1;
  const termRe = new Float64Array(largest);
  const termIm = new Float64Array(largest);

  /** Transforms n of the numbers, `stride` apart from `from` on, into n places from `at` on. */
  const transform = (x: Float64Array, from: number, stride: number, n: number, at: number): void => {
    if (n === 1) {
      re[at] = x[from]!;
      im[at] = 0;
      return;
    }
    const p = smallestFactor(n);
    const m = n / p;
    for (let r = 0; r < p; r++) transform(x, from + r * stride, stride * p, m, at + r * m);
    const turn = size / n;
    for (let k = 0; k < m; k++) {
      for (let r = 0; r < p; r++) {
        const [c, s] = [cos[r * k * turn]!, sin[r * k * turn]!]; // r · k < n
        const [a, b] = [re[at + r * m + k]!, im[at + r * m + k]!];
        termRe[r] = a * c - b * s;
        termIm[r] = a * s + b * c;
      }
      for (let q = 0; q < p; q++) {
        let [sumRe, sumIm] = [0, 0];
        for (let r = 0; r < p; r++) {
          const angle = ((r * q) % p) * (size / p);
          const [c, s] = [cos[angle]!, sin[angle]!];
          sumRe += termRe[r]! * c - termIm[r]! * s;
          sumIm += termRe[r]! * s + termIm[r]! * c;
        }
        re[at + q * m + k] = sumRe;
        im[at + q * m + k] = sumIm;
      }
    }
  };
  return (x, power) => {
    transform(x, 0, 1, size, 0);
    for (let k = 0; k <= size / 2; k++) power[k] = re[k]! ** 2 + im[k]! ** 2;
  };
}

function smallestFactor(n: number): number {
  for (let p = 2; p * p <= n; p++) if (n % p === 0) return p;
  return n;
}

/** In ascending order. */
function primeFactors(n: number): number[] {
  const factors: number[] = [];
  for (let rest = n; rest > 1; ) {
    const p = smallestFactor(rest);
    factors.push(p);
    rest /= p;
  }
  return factors;
}
