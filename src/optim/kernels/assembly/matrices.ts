import { addLanes, BLOCK, total } from "./block";

/**
 * Passes over tensors seen as matrices, for update rules that look beyond one element.
 *
 * `list` holds three runs of `count` numbers: the addresses of a formula's operands and, last, of its result; by how many
 * bytes each advances from row to row; and by how many more from matrix to matrix. A formula writes whole vectors: up to
 * three elements behind a row, which the next row overwrites. So rows go upward, and the last needs room behind it.
 */

// @ts-ignore: decorator
@inline
function advance(list: usize, steps: usize, bytes: usize): void {
  for (let k: usize = 0; k < bytes; k += 4) {
    store<usize>(list + k, load<usize>(list + k) + load<usize>(steps + k));
  }
}

/** The formula in entry `formula` of the function table, over each row of `columns` elements. */
export function mapRows(formula: u32, list: usize, count: i32, matrices: i32, rows: i32, columns: i32): void {
  const run = <usize>count << 2, bytes = <usize>columns << 2;
  for (let m = 0; m < matrices; m++) {
    for (let r = 0; r < rows; r++) {
      call_indirect<void>(formula, list, bytes);
      advance(list, list + run, run);
    }
    advance(list, list + 2 * run, run);
  }
}

// What a mean runs over; kernel-matrices.ts knows the same numbers.
// @ts-ignore: decorator
@inline
const ROW: i32 = 0;
// @ts-ignore: decorator
@inline
const COLUMN: i32 = 1;

/** The mean of a formula, whose result is one row that it overwrites; float32 within a block of a row, float64 across. */
export function meanRows(
  formula: u32, list: usize, count: i32, matrices: i32, rows: i32, columns: i32, over: i32, out: usize,
): void {
  const run = <usize>count << 2, bytes = <usize>columns << 2;
  const row = load<usize>(list + run - 4);
  let all: f64 = 0;
  for (let m = 0; m < matrices; m++) {
    if (over == COLUMN) memory.fill(out, 0, bytes);
    for (let r = 0; r < rows; r++) {
      call_indirect<void>(formula, list, bytes);
      if (over == COLUMN) {
        addRow(out, row, bytes);
      } else {
        const sum = sumRow(row, bytes);
        all += sum;
        if (over == ROW) {
          store<f32>(out, <f32>(sum / <f64>columns));
          out += 4;
        }
      }
      advance(list, list + run, run);
    }
    if (over == COLUMN) {
      for (let k: usize = 0; k < bytes; k += 4) store<f32>(out + k, load<f32>(out + k) / <f32>rows);
      out += bytes;
    }
    advance(list, list + 2 * run, run);
  }
  if (over != ROW && over != COLUMN) store<f32>(out, <f32>(all / (<f64>matrices * <f64>rows * <f64>columns)));
}

function addRow(out: usize, row: usize, bytes: usize): void {
  const vectors = bytes & ~15;
  let k: usize = 0;
  for (; k < vectors; k += 16) v128.store(out + k, f32x4.add(v128.load(out + k), v128.load(row + k)));
  for (; k < bytes; k += 4) store<f32>(out + k, load<f32>(out + k) + load<f32>(row + k));
}

function sumRow(row: usize, bytes: usize): f64 {
  const end = row + (bytes & ~15), last = row + bytes;
  let pair = f64x2.splat(0);
  while (row < end) {
    const stop = row + min(BLOCK, end - row);
    let lanes = f32x4.splat(0);
    for (; row < stop; row += 16) lanes = f32x4.add(lanes, v128.load(row));
    pair = addLanes(pair, lanes);
  }
  let sum = total(pair);
  for (; row < last; row += 4) sum += <f64>load<f32>(row);
  return sum;
}

/** Elements of the inner dimension that one panel holds: 8 columns of them fit the first cache. */
// @ts-ignore: decorator
@inline
const DEPTH: i32 = 256;
/** Bytes that `product` needs for a panel. */
export const PANEL: usize = <usize>DEPTH << 5;

/**
 * out [m, n] ← x [m, k] · y [k, n]. Elements of x and y lie at steps of so many bytes, which transposes either; `panel`
 * is room for PANEL bytes. Eight columns of y are packed, then four rows of x meet them in eight registers.
 */
export function product(
  x: usize, xRow: usize, xColumn: usize, y: usize, yRow: usize, yColumn: usize, out: usize, m: i32, k: i32, n: i32, panel: usize,
): void {
  for (let from = 0; from < k; from += DEPTH) {
    const depth = min(DEPTH, k - from);
    for (let j = 0; j < n; j += 8) {
      pack(panel, y + <usize>from * yRow + <usize>j * yColumn, yRow, yColumn, depth, min(8, n - j));
      for (let i = 0; i < m; i += 4) {
        const at = x + <usize>from * xColumn;
        multiply(
          at + <usize>i * xRow, at + <usize>min(i + 1, m - 1) * xRow,
          at + <usize>min(i + 2, m - 1) * xRow, at + <usize>min(i + 3, m - 1) * xRow,
          xColumn, panel, depth, out + ((<usize>i * n + j) << 2), <usize>n << 2, min(4, m - i), min(8, n - j), from > 0,
        );
      }
    }
  }
}

/** Eight columns side by side, zeros where there are fewer. */
function pack(panel: usize, y: usize, yRow: usize, yColumn: usize, depth: i32, width: i32): void {
  for (let p = 0; p < depth; p++) {
    if (width == 8 && yColumn == 4) {
      v128.store(panel, v128.load(y));
      v128.store(panel, v128.load(y, 16), 16);
    } else {
      for (let q = 0; q < 8; q++) {
        store<f32>(panel + (<usize>q << 2), q < width ? load<f32>(y + <usize>q * yColumn) : 0);
      }
    }
    panel += 32;
    y += yRow;
  }
}

/** Four rows by eight columns; rows beyond `height` repeat one and are not stored. */
function multiply(
  x0: usize, x1: usize, x2: usize, x3: usize, xColumn: usize, panel: usize, depth: i32,
  out: usize, outRow: usize, height: i32, width: i32, adds: bool,
): void {
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
  for (let p = 0; p < depth; p++) {
    const y0 = v128.load(panel), y1 = v128.load(panel, 16);
    panel += 32;
    let s = v128.load32_splat(x0);
    a0 = f32x4.add(a0, f32x4.mul(s, y0));
    a1 = f32x4.add(a1, f32x4.mul(s, y1));
    s = v128.load32_splat(x1);
    b0 = f32x4.add(b0, f32x4.mul(s, y0));
    b1 = f32x4.add(b1, f32x4.mul(s, y1));
    s = v128.load32_splat(x2);
    c0 = f32x4.add(c0, f32x4.mul(s, y0));
    c1 = f32x4.add(c1, f32x4.mul(s, y1));
    s = v128.load32_splat(x3);
    d0 = f32x4.add(d0, f32x4.mul(s, y0));
    d1 = f32x4.add(d1, f32x4.mul(s, y1));
    x0 += xColumn;
    x1 += xColumn;
    x2 += xColumn;
    x3 += xColumn;
  }
  storeEight(out, a0, a1, width, adds);
  if (height > 1) storeEight(out + outRow, b0, b1, width, adds);
  if (height > 2) storeEight(out + 2 * outRow, c0, c1, width, adds);
  if (height > 3) storeEight(out + 3 * outRow, d0, d1, width, adds);
}

function storeEight(out: usize, first: v128, second: v128, width: i32, adds: bool): void {
  if (width == 8) {
    v128.store(out, adds ? f32x4.add(v128.load(out), first) : first);
    v128.store(out, adds ? f32x4.add(v128.load(out, 16), second) : second, 16);
    return;
  }
  let lanes = first;
  for (let q = 0; q < width; q++) {
    if (q == 4) lanes = second;
    const value = f32x4.extract_lane(lanes, 0);
    const at = out + (<usize>q << 2);
    store<f32>(at, adds ? load<f32>(at) + value : value);
    lanes = v128.shuffle<f32>(lanes, lanes, 1, 2, 3, 0);
  }
}
