import {
  differenceInterval,
  type Estimate,
  type MeanPart,
  meanInterval,
  signOf,
} from "../evaluation/intervals.ts";
import type { MetricFacts } from "../evaluation/metric-facts.ts";
import { hitsOf, type RunView, type Side, setsOfSide } from "./run-view.ts";

/** Whether one model does better than another: `same` when the interval of the difference holds 0. */
export type Outcome = "better" | "worse" | "same" | "unknown";

export interface Comparison {
  readonly metric: MetricFacts;
  readonly outcome: Outcome;
  /** First minus second, in the metric's unit; `low` and `high` are NaN where the metric has no interval. */
  readonly difference: Estimate;
}

/** A model of a run: as it was before training, or the kept one. */
export interface Judged {
  readonly view: RunView;
  readonly which: "initial" | "last";
}

/**
 * Compares two models on one side, as the unweighted mean over the sets that judge it.
 * Undefined if either was not judged on the same sets.
 */
export function compareOn(side: Side, a: Judged, b: Judged): Comparison | undefined {
  const metric = a.view.metric;
  const others = setsOfSide(b.view, side);
  const sets = setsOfSide(a.view, side);
  if (sets.length === 0 || sets.length !== others.length || metric.name !== b.view.metric.name)
    return undefined;
  const parts: MeanPart[] = [];
  for (const set of sets) {
    const ea = set[a.which];
    const eb = others.find((o) => o.set === set.set && o.kind === set.kind)?.[b.which];
    const [va, vb] = [ea?.metrics[metric.name], eb?.metrics[metric.name]];
    if (!ea || !eb || va === undefined || vb === undefined) return undefined;
    parts.push(metric.isShare ? pairOf(hitsOf(ea, metric), hitsOf(eb, metric)) : plain(va - vb, ea.count));
  }
  const difference = meanInterval(parts);
  return { metric, outcome: outcomeOf(difference, metric.higherIsBetter), difference };
}

function pairOf(a: ReturnType<typeof hitsOf>, b: ReturnType<typeof hitsOf>): MeanPart {
  const estimate = differenceInterval(a, b);
  if (!a.right || !b.right || a.right.length !== b.right.length) return { estimate, count: a.count };
  return { estimate, count: a.count, values: Int8Array.from(a.right, (hit, i) => hit - b.right![i]!) }; // checked above
}

function plain(value: number, count: number): MeanPart {
  return { estimate: { value, low: Number.NaN, high: Number.NaN }, count };
}

function outcomeOf(difference: Estimate, higherIsBetter: boolean): Outcome {
  if (Number.isNaN(difference.low)) return "unknown";
  const sign = signOf(difference);
  if (sign === "same") return "same";
  return (sign === "above") === higherIsBetter ? "better" : "worse";
}
