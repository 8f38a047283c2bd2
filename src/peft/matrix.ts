/** Small dense products, summed in float64. Matrices are row-major. */

/** B · A for B [rows, rank] and A [rank, columns], float64 [rows, columns]. */
export function product(
  b: ArrayLike<number>,
  a: ArrayLike<number>,
  size: { readonly rows: number; readonly rank: number; readonly columns: number },
): Float64Array {
  const { rows, rank, columns } = size;
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < rank; k++) {
      const factor = b[i * rank + k]!; // sizes are the caller's to check
      if (factor === 0) continue;
      for (let j = 0; j < columns; j++) out[i * columns + j]! += factor * a[k * columns + j]!;
    }
  }
  return out;
}

/** The transpose of a matrix [rows, columns], in an array of the same type. */
export function transposed<T extends Float32Array | Float64Array | Uint16Array>(
  m: T,
  rows: number,
  columns: number,
): T {
  const out = m.slice() as T; // slice keeps the array's type
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = m[i * columns + j]!;
  return out;
}
