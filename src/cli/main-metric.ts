import { mainMetric } from "../evaluation/main-metric.ts";
import { type MetricFacts, metricFacts } from "../evaluation/metric-facts.ts";
import { valueText } from "../report/metric-text.ts";

type Metrics = Readonly<Record<string, number>>;

/** Up to `count` metrics beside the main one, the loss last. */
export function otherMetrics(metrics: Metrics, main: MetricFacts, count: number): MetricFacts[] {
  const names = Object.keys(metrics).filter((name) => name !== main.name);
  return [...names.filter((n) => n !== "loss"), ...names.filter((n) => n === "loss")]
    .slice(0, count)
    .map(metricFacts);
}

/** The main metric of a judged set, for a table's cell. */
export function mainValue(metrics: Metrics, chosenBy?: string): string {
  const metric = mainMetric(metrics, chosenBy);
  return valueText(metric, metrics[metric.name]);
}
