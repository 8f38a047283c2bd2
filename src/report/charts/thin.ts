/** A point of a line with the range it stands for. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Reduces a curve to at most `limit` points: the mean of each run of neighbours, with their least and greatest value.
 * Values that are not finite are left out.
 */
export function thin(
  points: readonly { readonly x: number; readonly y: number }[],
  limit: number,
): CurvePoint[] {
  const finite = points.filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y));
  const size = Math.max(1, Math.ceil(finite.length / limit));
  const result: CurvePoint[] = [];
  for (let i = 0; i < finite.length; i += size) {
    const bucket = finite.slice(i, i + size);
    let [sum, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { y } of bucket) {
      sum += y;
      low = Math.min(low, y);
      high = Math.max(high, y);
    }
    result.push({ x: bucket.at(-1)!.x, y: sum / bucket.length, low, high }); // a bucket is never empty
  }
  return result;
}
