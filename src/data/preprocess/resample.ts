/** Zero crossings of the sinc on each side: how sharp the edge is between what is kept and what is cut. */
const CROSSINGS = 24;
/** The edge, as a share of the highest frequency that both rates can bear. */
const ROLLOFF = 0.95;

/**
 * A wave at another rate, by a sinc under Hann's window. With r the smaller of 1 and `to / from`, times ROLLOFF:
 *
 *     y[i] = Σ_j x[j] · h(i · from / to − j),   h(t) = r · sinc(r t) · cos²(π r t / (2 · CROSSINGS))
 *
 * Silence stands before and behind it. The result has ⌈length · to / from⌉ numbers.
 */
export function resample(wave: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return wave;
  const common = divisor(from, to);
  const [step, phases] = [from / common, to / common];
  const r = ROLLOFF * Math.min(1, to / from);
  const reach = Math.ceil(CROSSINGS / r);
  const taps = 2 * reach + 1;
  // One kernel for each place that an output can have between two inputs; made when it is first needed.
  const kernels = new Map<number, Float64Array>();
  const kernelOf = (phase: number): Float64Array => {
    const made = kernels.get(phase);
    if (made) return made;
    const kernel = Float64Array.from({ length: taps }, (_, k) => sincAt(phase / phases + reach - k, r));
    kernels.set(phase, kernel);
    return kernel;
  };
  return Float32Array.from({ length: Math.ceil((wave.length * to) / from) }, (_, i) => {
    const place = i * step;
    const first = Math.floor(place / phases) - reach;
    const kernel = kernelOf(place % phases);
    const last = Math.min(taps, wave.length - first);
    let sum = 0;
    for (let k = Math.max(0, -first); k < last; k++) sum += wave[first + k]! * kernel[k]!;
    return sum;
  });
}

function sincAt(t: number, r: number): number {
  const x = r * t;
  if (Math.abs(x) >= CROSSINGS) return 0;
  const window = Math.cos((Math.PI * x) / (2 * CROSSINGS)) ** 2;
  return r * window * (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
