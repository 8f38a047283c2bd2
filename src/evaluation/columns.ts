/** A table of scores, one row per example and one column per class or label. */
export interface ScoreTable {
  readonly rows: number;
  readonly columns: number;
  at(row: number, column: number): number;
}

/** A row-major array as a table. */
export function tableOf(values: ArrayLike<number>, columns: number): ScoreTable {
  return { rows: values.length / columns, columns, at: (row, column) => values[row * columns + column]! };
}

/**
 * A score such as `auroc` or `averagePrecision` of every column: NaN where it is not defined because no example, or
 * every one, is positive.
 *
 * @param isPositive whether an example bears a column's class
 */
export function scoreColumns(
  score: (scores: Float64Array, positive: Uint8Array) => number,
  { rows, columns, at }: ScoreTable,
  isPositive: (row: number, column: number) => boolean,
): number[] {
  return Array.from({ length: columns }, (_, c) => {
    const scores = Float64Array.from({ length: rows }, (_, row) => at(row, c));
    const positive = Uint8Array.from({ length: rows }, (_, row) => Number(isPositive(row, c)));
    return score(scores, positive);
  });
}

/** The unweighted mean of those values that are numbers; NaN if none is. */
export function meanOfKnown(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((a, b) => a + b, 0) / known.length;
}
