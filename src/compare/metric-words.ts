import { type Estimate, signOf } from "../evaluation/intervals.ts";
import type { MetricFacts } from "../evaluation/metric-facts.ts";
import { differenceText, valueText } from "../report/metric-text.ts";

/** What a difference from the baseline means; `untold` where it has no interval, as one seed gives none. */
export type Judgement = "better" | "worse" | "same" | "untold";

/** Reads a difference by the metric's own direction: an error that went down is better. */
export function judgementOf({ higherIsBetter }: MetricFacts, difference: Estimate): Judgement {
  if (Number.isNaN(difference.low) || Number.isNaN(difference.high)) return "untold";
  const sign = signOf(difference);
  if (sign === "same") return "same";
  return (sign === "above") === higherIsBetter ? "better" : "worse";
}

/** A column's head: `ID %`, `ID Macro F1 %`, `fog RMSE ↓` (the arrow: lower is better). A share needs no name. */
export function headOf({ label, unit, isShare, higherIsBetter }: MetricFacts, what: string): string {
  const parts = [what, isShare ? "" : label, unit === "percent" ? "%" : "", higherIsBetter ? "" : "↓"];
  return parts.filter((part) => part !== "").join(" ");
}

/** A value under such a head, whose unit is there: `91.2`, `0.413`. */
export function cellOf(metric: MetricFacts): (value: number) => string {
  return (value) => valueText(metric, value).replace("\u202f%", "");
}

/** `+1.2 (+0.3 to +2.1)`, or `no difference seen (−0.4 to +1.0)`; `+1.2 (one seed)` where there is no interval. */
export function describeDifference(metric: MetricFacts, difference: Estimate): string {
  const value = differenceText(metric, difference.value);
  const judged = judgementOf(metric, difference);
  if (judged === "untold") return `${value} (one seed)`;
  const range = `(${rangeText(metric, difference)})`;
  return judged === "same" ? `no difference seen ${range}` : `${value} ${range}`;
}

/** Both ends of a difference's interval: `+0.3 to +2.1`. */
export function rangeText(metric: MetricFacts, { low, high }: Estimate): string {
  return `${differenceText(metric, low)} to ${differenceText(metric, high)}`;
}

/** What a difference is counted in: `points` of per cent, or the metric itself, `RMSE`. */
export function differenceUnit({ unit, label, isShare }: MetricFacts): string {
  if (unit !== "percent") return label;
  return isShare ? "points" : `points of ${label}`;
}
