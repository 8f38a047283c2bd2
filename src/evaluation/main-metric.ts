import { type MetricFacts, metricFacts } from "./metric-facts.ts";

/**
 * The metric that stands for a judged set where there is room for one: what chose the kept model, unless that is a
 * likelihood, which tells people little; else the first that the set has, which is the accuracy of what a model wrote, or
 * what its task's meter puts first.
 */
export function mainMetric(metrics: Readonly<Record<string, unknown>>, chosenBy = "loss"): MetricFacts {
  const chooser = metricFacts(chosenBy);
  const isTelling = !chooser.isLikelihood && chosenBy in metrics;
  return isTelling ? chooser : metricFacts(Object.keys(metrics)[0] ?? chosenBy);
}
