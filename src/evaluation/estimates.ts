import { drawnInterval, type Estimate, shareInterval } from "./intervals.ts";
import { type MetricFacts, metricFacts } from "./metric-facts.ts";

/** What is known of a model on a set, fresh or from a record. */
export interface JudgedFigures {
  /** Examples judged. */
  readonly count: number;
  /** Of these, the ones that were asked for an answer; all where it is left out. Metrics that are shares are of them. */
  readonly asked?: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Ends of the 95 % intervals that are known. */
  readonly intervals?: Readonly<Record<string, readonly [low: number, high: number]>>;
}

/**
 * A metric with its 95 % interval, the one place where it comes from: as recorded, or Wilson's of a share of examples.
 *
 * @returns undefined where the set lacks the metric; `low` and `high` are NaN where there is no interval
 */
export function estimateOf(
  { count, asked, metrics, intervals }: JudgedFigures,
  metric: MetricFacts,
): Estimate | undefined {
  const value = metrics[metric.name];
  if (value === undefined) return undefined;
  const known = intervals?.[metric.name];
  if (known) return { value, low: known[0], high: known[1] };
  if (metric.isShare) return shareInterval({ count: asked ?? count, share: value });
  return { value, low: Number.NaN, high: Number.NaN };
}

/** The 95 % intervals of a set's metrics: from their bootstrap draws, of shares without any Wilson's. */
export function intervalsOf({
  draws = {},
  ...figures
}: Omit<JudgedFigures, "intervals"> & {
  readonly draws?: Readonly<Record<string, ArrayLike<number>>>;
}): Record<string, readonly [low: number, high: number]> {
  const entries = Object.entries(figures.metrics).flatMap(([name, value]) => {
    const drawn = draws[name];
    const facts = metricFacts(name);
    const interval = drawn ? drawnInterval(value, drawn, facts.range) : estimateOf(figures, facts);
    return interval && Number.isFinite(interval.low) && Number.isFinite(interval.high)
      ? [[name, [interval.low, interval.high]] as const]
      : [];
  });
  return Object.fromEntries(entries);
}
