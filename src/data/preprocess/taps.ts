/** Filters that average, by the names of Pillow. */
export type FilterName = "lanczos" | "bilinear" | "bicubic" | "box" | "hamming";

interface Filter {
  /** Half-width in source pixels at scale 1. */
  readonly support: number;
  weight(x: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const filters: Readonly<Record<FilterName, Filter>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: {
    support: 1,
    weight: (x) => (Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x))),
  },
  // Keys' cubic with a = −0.5.
  bicubic: {
    support: 2,
    weight: (signed) => {
      const x = Math.abs(signed);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Weights are fixed-point with 22 fraction bits, so that 255 times any weight fits 32 bits: as Pillow has it. */
const FRACTION_BITS = 22;
/** The kernel takes taps four at a time. */
const GROUP = 4;

/** How pixels along one axis are made of others. */
export interface Taps {
  readonly outputs: number;
  /** Room for the weights of an output, a multiple of 4. */
  readonly taps: number;
  /** `first` [outputs], `count` [outputs], fixed-point weights [outputs, taps]: what assembly/resize.ts reads. */
  readonly table: Int32Array;
}

/** The taps that make `outputs` pixels of `input` ones; when shrinking the filter widens (antialiasing). */
export function tapsFor(input: number, outputs: number, name: FilterName): Taps {
  const filter = filters[name];
  const scale = input / outputs;
  const widened = Math.max(scale, 1);
  const narrowed = 1 / widened;
  const support = filter.support * widened;
  const taps = Math.ceil((Math.ceil(support) * 2 + 1) / GROUP) * GROUP;
  const table = new Int32Array(outputs * (2 + taps));
  const weights = table.subarray(2 * outputs);
  const row = new Float64Array(taps);
  for (let o = 0; o < outputs; o++) {
    const center = (o + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(input, Math.trunc(center + support + 0.5)) - from;
    let sum = 0;
    for (let t = 0; t < count; t++) {
      row[t] = filter.weight((t + from - center + 0.5) * narrowed);
      sum += row[t]!;
    }
    for (let t = 0; t < count; t++) {
      const w = (sum === 0 ? row[t]! : row[t]! / sum) * 2 ** FRACTION_BITS;
      weights[o * taps + t] = Math.trunc(w < 0 ? w - 0.5 : w + 0.5);
    }
    table[o] = from;
    table[outputs + o] = count;
  }
  return { outputs, taps, table };
}
