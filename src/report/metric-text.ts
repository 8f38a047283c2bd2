import type { MetricFacts } from "../evaluation/metric-facts.ts";
import { axisNumber, number, percent, points } from "./format.ts";

/** A value as tables show it: `97.2 %`, `0.413`, and `–` where it is not defined. */
export function valueText({ unit }: MetricFacts, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  return unit === "percent" ? percent(value) : number(value);
}

/** A value with the metric's name, for a sentence. */
export function namedValue(metric: MetricFacts, value: number): string {
  return metric.isShare ? valueText(metric, value) : `${metric.label} ${valueText(metric, value)}`;
}

/** A difference: in percentage points, or in the metric's own unit with its sign. */
export function differenceText({ unit }: MetricFacts, difference: number): string {
  if (Number.isNaN(difference)) return "–";
  return unit === "percent" ? points(difference) : `${difference > 0 ? "+" : ""}${number(difference)}`;
}

/** Ticks of an axis of a metric. */
export function tickText({ unit }: MetricFacts): (value: number) => string {
  return unit === "percent" ? (value) => `${Math.round(value * 1000) / 10}\u202f%` : axisNumber;
}
