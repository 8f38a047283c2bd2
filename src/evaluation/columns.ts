/** The unweighted mean of those values that are numbers; NaN if none is. */
export function meanOfKnown(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((a, b) => a + b, 0) / known.length;
}
