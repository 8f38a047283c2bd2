import { addLanes, BLOCK, SUMS, total, workspace } from "./block";

/**
 * Passes over a tensor seen as [outer, rows, inner]: a row is what feeds one output unit. The rows of a Conv weight are
 * contiguous (outer 1), those of a MatMul weight are its columns (inner 1). `y` 0 stands for an array of zeros.
 * Rows end anywhere, so every run has a scalar tail. Sums over rows are float64 but for the first four terms, since
 * differences of them are taken: a float32 sum would lose the sign of a small growth.
 */

/** x − y, four elements. */
// @ts-ignore: decorator
@inline
function four(x: usize, y: usize, i: usize): v128 {
  const p = v128.load(x + i);
  return y ? f32x4.sub(p, v128.load(y + i)) : p;
}

/** x − y, one element. */
// @ts-ignore: decorator
@inline
function one(x: usize, y: usize, i: usize): f32 {
  const p = load<f32>(x + i);
  return y ? p - load<f32>(y + i) : p;
}

/** Adds four float32 lanes to four float64 sums. */
// @ts-ignore: decorator
@inline
function addEach(sums: usize, lanes: v128): void {
  const high = v128.shuffle<f32>(lanes, lanes, 2, 3, 0, 1);
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(lanes)));
  v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.promote_low_f32x4(high)), 16);
}

// @ts-ignore: decorator
@inline
function size(x: usize, y: usize, i: usize): v128 {
  return f32x4.abs(four(x, y, i));
}

/** sums[r] ← Σ |x − y| over row r. */
export function rowDistances(x: usize, y: usize, sums: usize, outer: i32, rows: i32, inner: i32): void {
  memory.fill(sums, 0, <usize>rows << 3);
  if (inner == 1) return columnDistances(x, y, sums, outer, rows);
  const bytes = <usize>inner << 2, vectors = bytes & ~15, quads = bytes & ~63;
  let i: usize = 0;
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < rows; r++) {
      let pair = f64x2.splat(0);
      let k: usize = 0;
      for (; k < quads; k += 64) {
        const left = f32x4.add(size(x, y, i + k), size(x, y, i + k + 16));
        const right = f32x4.add(size(x, y, i + k + 32), size(x, y, i + k + 48));
        pair = addLanes(pair, f32x4.add(left, right));
      }
      for (; k < vectors; k += 16) pair = addLanes(pair, size(x, y, i + k));
      let sum = total(pair);
      for (; k < bytes; k += 4) sum += abs(<f64>one(x, y, i + k));
      const at = sums + (<usize>r << 3);
      store<f64>(at, load<f64>(at) + sum);
      i += bytes;
    }
  }
}

/** The same for rows that are columns in memory. */
function columnDistances(x: usize, y: usize, sums: usize, outer: i32, rows: i32): void {
  const columns = <usize>rows << 2, wide = columns & ~15;
  let i: usize = 0;
  let o = 0;
  for (; o + 4 <= outer; o += 4) {
    for (let r: usize = 0; r < wide; r += 16) {
      const at = i + r;
      const left = f32x4.add(size(x, y, at), size(x, y, at + columns));
      const right = f32x4.add(size(x, y, at + 2 * columns), size(x, y, at + 3 * columns));
      addEach(sums + (r << 1), f32x4.add(left, right));
    }
    for (let part: usize = 0; part < 4; part++) columnTail(x, y, sums, i + part * columns, wide, columns);
    i += 4 * columns;
  }
  for (; o < outer; o++) {
    for (let r: usize = 0; r < wide; r += 16) addEach(sums + (r << 1), size(x, y, i + r));
    columnTail(x, y, sums, i, wide, columns);
    i += columns;
  }
}

// @ts-ignore: decorator
@inline
function columnTail(x: usize, y: usize, sums: usize, i: usize, wide: usize, columns: usize): void {
  for (let r = wide; r < columns; r += 4) {
    const at = sums + (r << 1);
    store<f64>(at, load<f64>(at) + abs(<f64>one(x, y, i + r)));
  }
}

/** sums[r] ← Σ g · (x − y) over row r. */
export function rowDots(g: usize, x: usize, y: usize, sums: usize, outer: i32, rows: i32, inner: i32): void {
  memory.fill(sums, 0, <usize>rows << 3);
  const bytes = <usize>inner << 2, vectors = bytes & ~15, columns = <usize>rows << 2, wide = columns & ~15;
  let i: usize = 0;
  for (let o = 0; o < outer; o++) {
    if (inner == 1) {
      for (let r: usize = 0; r < wide; r += 16) {
        addEach(sums + (r << 1), f32x4.mul(v128.load(g + i + r), four(x, y, i + r)));
      }
      for (let r = wide; r < columns; r += 4) {
        const at = sums + (r << 1);
        store<f64>(at, load<f64>(at) + <f64>(load<f32>(g + i + r) * one(x, y, i + r)));
      }
      i += columns;
      continue;
    }
    for (let r = 0; r < rows; r++) {
      let pair = f64x2.splat(0);
      let k: usize = 0;
      for (; k < vectors; k += 16) pair = addLanes(pair, f32x4.mul(v128.load(g + i + k), four(x, y, i + k)));
      let sum = total(pair);
      for (; k < bytes; k += 4) sum += <f64>(load<f32>(g + i + k) * one(x, y, i + k));
      const at = sums + (<usize>r << 3);
      store<f64>(at, load<f64>(at) + sum);
      i += bytes;
    }
  }
}

/** x ← x − share · (x − y), four elements. Returns the squares of what is left. */
// @ts-ignore: decorator
@inline
function shrinkFour(x: usize, y: usize, i: usize, share: v128): v128 {
  const p = v128.load(x + i);
  const d = y ? f32x4.sub(p, v128.load(y + i)) : p;
  const next = f32x4.sub(p, f32x4.mul(share, d));
  v128.store(x + i, next);
  const left = y ? f32x4.sub(next, v128.load(y + i)) : next;
  return f32x4.mul(left, left);
}

/** x ← x − shares[r] · (x − y) in every row r. Returns ‖x − y‖² of what it wrote. */
export function shrinkRows(x: usize, y: usize, shares: usize, outer: i32, rows: i32, inner: i32): f64 {
  const bytes = <usize>inner << 2, vectors = bytes & ~15, columns = <usize>rows << 2, wide = columns & ~15;
  let i: usize = 0;
  let pair = f64x2.splat(0);
  let rest: f64 = 0;
  for (let o = 0; o < outer; o++) {
    if (inner == 1) {
      for (let r: usize = 0; r < wide; ) {
        const stop = min(wide, r + BLOCK);
        let lanes = f32x4.splat(0);
        for (; r < stop; r += 16) lanes = f32x4.add(lanes, shrinkFour(x, y, i + r, v128.load(shares + r)));
        pair = addLanes(pair, lanes);
      }
      for (let r = wide; r < columns; r += 4) {
        store<f32>(x + i + r, load<f32>(x + i + r) - load<f32>(shares + r) * one(x, y, i + r));
        const left = <f64>one(x, y, i + r);
        rest += left * left;
      }
      i += columns;
      continue;
    }
    for (let r = 0; r < rows; r++) {
      const share = load<f32>(shares + (<usize>r << 2));
      const four4 = f32x4.splat(share);
      let k: usize = 0;
      while (k < vectors) {
        const stop = min(vectors, k + BLOCK);
        let lanes = f32x4.splat(0);
        for (; k < stop; k += 16) lanes = f32x4.add(lanes, shrinkFour(x, y, i + k, four4));
        pair = addLanes(pair, lanes);
      }
      for (; k < bytes; k += 4) {
        store<f32>(x + i + k, load<f32>(x + i + k) - share * one(x, y, i + k));
        const left = <f64>one(x, y, i + k);
        rest += left * left;
      }
      i += bytes;
    }
  }
  return total(pair) + rest;
}

/** out ← factors[r] · (x − y) in every row r. */
export function scaleRows(out: usize, x: usize, y: usize, factors: usize, outer: i32, rows: i32, inner: i32): void {
  const bytes = <usize>inner << 2, vectors = bytes & ~15, columns = <usize>rows << 2, wide = columns & ~15;
  let i: usize = 0;
  for (let o = 0; o < outer; o++) {
    if (inner == 1) {
      for (let r: usize = 0; r < wide; r += 16) {
        v128.store(out + i + r, f32x4.mul(v128.load(factors + r), four(x, y, i + r)));
      }
      for (let r = wide; r < columns; r += 4) {
        store<f32>(out + i + r, load<f32>(factors + r) * one(x, y, i + r));
      }
      i += columns;
      continue;
    }
    for (let r = 0; r < rows; r++) {
      const factor = load<f32>(factors + (<usize>r << 2));
      const four4 = f32x4.splat(factor);
      let k: usize = 0;
      for (; k < vectors; k += 16) v128.store(out + i + k, f32x4.mul(four4, four(x, y, i + k)));
      for (; k < bytes; k += 4) store<f32>(out + i + k, factor * one(x, y, i + k));
      i += bytes;
    }
  }
}

/** Σ x · y, float32 within a block and float64 across blocks. */
export function dot(x: usize, y: usize, n: usize): f64 {
  const end = x + (n << 2);
  let sum = f64x2.splat(0);
  while (x < end) {
    const stop = x + min(BLOCK, end - x);
    let lanes = f32x4.splat(0);
    for (; x < stop; x += 16, y += 16) lanes = f32x4.add(lanes, f32x4.mul(v128.load(x), v128.load(y)));
    sum = addLanes(sum, lanes);
  }
  return total(sum);
}

/** ⟨g, x − y⟩, ‖x − y‖² and ‖g‖² into the pairs of SUMS that a step has them in, before any step is taken. */
export function agreement(g: usize, x: usize, y: usize, n: usize): void {
  const end = x + (n << 2), sums = workspace + SUMS;
  let gd = f64x2.splat(0), dd = gd, gg = gd;
  while (x < end) {
    const stop = x + min(BLOCK, end - x);
    let gdLanes = f32x4.splat(0), ddLanes = gdLanes, ggLanes = gdLanes;
    for (; x < stop; x += 16, g += 16) {
      const d = four(x, y, 0), gradient = v128.load(g);
      gdLanes = f32x4.add(gdLanes, f32x4.mul(gradient, d));
      ddLanes = f32x4.add(ddLanes, f32x4.mul(d, d));
      ggLanes = f32x4.add(ggLanes, f32x4.mul(gradient, gradient));
      if (y) y += 16;
    }
    gd = addLanes(gd, gdLanes);
    dd = addLanes(dd, ddLanes);
    gg = addLanes(gg, ggLanes);
  }
  v128.store(sums, gd);
  v128.store(sums, dd, 16);
  v128.store(sums, gg, 64);
}
