import { type MetricFacts, metricFacts } from "../evaluation/metric-facts.ts";
import { valueText } from "../report/metric-text.ts";

type Metrics = Readonly<Record<string, number>>;

/**
 * The metric that a line has room for: what chose the kept model, unless that is the loss, which tells people little;
 * else the first that the task's meter gives.
 */
export function mainMetric(metrics: Metrics, chosenBy?: string): MetricFacts {
  const known = chosenBy !== undefined && chosenBy !== "loss" && chosenBy in metrics;
  return metricFacts(known ? chosenBy : (Object.keys(metrics)[0] ?? "loss"));
}

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
