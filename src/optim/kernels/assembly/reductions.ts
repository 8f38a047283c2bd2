import { addLanes, BLOCK, total } from "./block";

/** Σ x², float32 within a block and float64 across blocks. */
export function sumSquares(x: usize, n: usize): f64 {
  const end = x + (n << 2);
  let sum = f64x2.splat(0);
  while (x < end) {
    const stop = x + min(BLOCK, end - x);
    let lanes = f32x4.splat(0);
    for (; x < stop; x += 16) {
      const v = v128.load(x);
      lanes = f32x4.add(lanes, f32x4.mul(v, v));
    }
    sum = addLanes(sum, lanes);
  }
  return total(sum);
}

/** Σ (x − y)²; `y` 0 stands for an array of zeros. */
export function sumSquaredDifferences(x: usize, y: usize, n: usize): f64 {
  if (y == 0) return sumSquares(x, n);
  const end = x + (n << 2);
  let sum = f64x2.splat(0);
  while (x < end) {
    const stop = x + min(BLOCK, end - x);
    let lanes = f32x4.splat(0);
    for (; x < stop; x += 16, y += 16) {
      const d = f32x4.sub(v128.load(x), v128.load(y));
      lanes = f32x4.add(lanes, f32x4.mul(d, d));
    }
    sum = addLanes(sum, lanes);
  }
  return total(sum);
}

/** Index of the first element that is NaN or infinite, or −1. */
export function firstNonFinite(x: usize, n: usize): i32 {
  // x − x is 0 for a finite x and NaN for the others.
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < n; i += 4) {
    const v = v128.load(x + (i << 2));
    if (i32x4.all_true(f32x4.eq(f32x4.sub(v, v), zero))) continue;
    for (let k: usize = i; ; k++) {
      const e = load<f32>(x + (k << 2));
      if (e - e != 0) return <i32>k;
    }
  }
  return -1;
}

/** sum ← sum + weight · x, or sum ← weight · x when it `starts` a new sum. */
export function accumulate(sum: usize, x: usize, n: usize, weight: f32, starts: bool): void {
  const end = x + (n << 2);
  const w = f32x4.splat(weight);
  if (starts) {
    for (; x < end; x += 16, sum += 16) v128.store(sum, f32x4.mul(w, v128.load(x)));
  } else {
    for (; x < end; x += 16, sum += 16) {
      v128.store(sum, f32x4.add(v128.load(sum), f32x4.mul(w, v128.load(x))));
    }
  }
}
