/** A seeded source of random numbers whose whole state is four integers, so that a checkpoint can hold it. */
export interface Random {
  /** Uniform in [0, 1) with 32 random bits. */
  next(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number;
  state(): RandomState;
}

export type RandomState = readonly [number, number, number, number];

/**
 * A generator from a seed or from a saved state. xoshiro128** with SplitMix32 seeding.
 * Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021.
 */
export function createRandom(seedOrState: number | RandomState): Random {
  let [a, b, c, d] = typeof seedOrState === "number" ? seeded(seedOrState) : seedOrState;

  const bits = (): number => {
    const m = Math.imul(b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const next = () => bits() / 2 ** 32;
  return {
    next,
    integer: (n) => Math.floor(next() * n),
    // Box–Muller without a cached second value, so that the state is the four words alone.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    state: () => [a | 0, b | 0, c | 0, d | 0],
  };
}

function seeded(seed: number): RandomState {
  let s = seed | 0;
  const word = () => {
    s = (s + 0x9e3779b9) | 0;
    let z = s;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  return [word(), word(), word(), word()];
}

/** A random order of 0 … n−1 (Fisher–Yates). */
export function permutation(n: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const t = order[i]!;
    order[i] = order[j]!;
    order[j] = t;
  }
  return order;
}
