import type { Estimate, Interval } from "../evaluation/intervals.ts";
import type { MetricFacts } from "../evaluation/metric-facts.ts";
import { axisNumber, number, percent, percentRange, points } from "./format.ts";

/** A value as tables show it: `97.2 %`, `0.413`, and `–` where it is not defined. */
export function valueText({ unit }: MetricFacts, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  return unit === "percent" ? percent(value) : number(value);
}

/** An interval as tables show it: `96.0–98.1 %`, `0.41–0.47`; empty where there is none. */
export function rangeText({ unit }: MetricFacts, interval: Interval | undefined): string {
  const { low, high } = interval ?? { low: Number.NaN, high: Number.NaN };
  if (!Number.isFinite(low) || !Number.isFinite(high)) return "";
  if (unit === "percent") return percentRange({ low, high });
  return low < 0 ? `${number(low)} to ${number(high)}` : `${number(low)}–${number(high)}`;
}

/** A difference and its interval: `+4.1 points (95 % CI +2.0 to +6.2)`. */
export function differenceWithInterval(metric: MetricFacts, { value, low, high }: Estimate): string {
  const text = (difference: number) => differenceText(metric, difference);
  const unit = metric.unit === "percent" ? " points" : "";
  return `${text(value)}${unit} (95\u202f% CI ${text(low)} to ${text(high)})`;
}

/** A value with the metric's name, for a sentence. */
export function namedValue(metric: MetricFacts, value: number): string {
  return metric.isShare ? valueText(metric, value) : `${metric.label} of ${valueText(metric, value)}`;
}

/** A difference: in percentage points, or in the metric's own unit with its sign. */
export function differenceText({ unit }: MetricFacts, difference: number): string {
  if (Number.isNaN(difference)) return "–";
  return unit === "percent" ? points(difference) : `${difference > 0 ? "+" : ""}${number(difference)}`;
}

/** Ticks of an axis of a metric. */
export function tickText({ unit }: MetricFacts): (value: number) => string {
  return unit === "percent" ? (value) => `${axisNumber(100 * value)}\u202f%` : axisNumber;
}
