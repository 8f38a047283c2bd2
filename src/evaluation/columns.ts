/** A table of scores, one row per example and one column per class or label, row-major. */
export interface ScoreTable {
  readonly values: Float32Array;
  readonly columns: number;
}

/** One column, by row. */
export function columnOf({ values, columns }: ScoreTable, column: number): Float32Array {
  return Float32Array.from({ length: values.length / columns }, (_, row) => values[row * columns + column]!);
}

/**
 * The unweighted mean over columns of a score such as `auroc` or `averagePrecision`, without those where it is not
 * defined because no example, or every one, is positive.
 *
 * @param isPositive whether an example bears a column's class
 * @returns NaN if it is defined nowhere
 */
export function meanOverColumns(
  score: (scores: Float32Array, positive: Uint8Array) => number,
  table: ScoreTable,
  isPositive: (row: number, column: number) => boolean,
): number {
  const rows = table.values.length / table.columns;
  let sum = 0;
  let defined = 0;
  for (let c = 0; c < table.columns; c++) {
    const positive = Uint8Array.from({ length: rows }, (_, row) => Number(isPositive(row, c)));
    const value = score(columnOf(table, c), positive);
    if (Number.isNaN(value)) continue;
    sum += value;
    defined++;
  }
  return sum / defined;
}
