import {
  differenceInterval,
  drawnInterval,
  type Estimate,
  type MeanPart,
  meanInterval,
  signOf,
} from "../evaluation/intervals.ts";
import type { MetricFacts } from "../evaluation/metric-facts.ts";
import type { EvaluationRecord } from "../run/records.ts";
import { drawsOf, hitsOf, type RunView, type Side, setsOfSide } from "./run-view.ts";

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
    parts.push(drawnPair(ea, eb, metric) ?? hitPair(ea, eb, metric) ?? plain(va - vb, ea.count));
  }
  const difference = meanInterval(parts);
  return { metric, outcome: outcomeOf(difference, metric.higherIsBetter), difference };
}

/** Replicate minus replicate of the same examples, where both models were judged on the same number of them. */
function drawnPair(a: EvaluationRecord, b: EvaluationRecord, metric: MetricFacts): MeanPart | undefined {
  const [da, db] = [drawsOf(a, metric), drawsOf(b, metric)];
  if (!da || !db || a.count !== b.count || a.asked !== b.asked) return undefined;
  const values = Float64Array.from({ length: Math.min(da.length, db.length) }, (_, r) => da[r]! - db[r]!);
  const estimate = drawnInterval(a.metrics[metric.name]! - b.metrics[metric.name]!, values); // both have it
  return estimate && { estimate, count: a.asked ?? a.count, values };
}

function hitPair(ea: EvaluationRecord, eb: EvaluationRecord, metric: MetricFacts): MeanPart | undefined {
  if (!metric.isShare || drawsOf(ea, metric) || drawsOf(eb, metric)) return undefined;
  const [a, b] = [hitsOf(ea, metric), hitsOf(eb, metric)];
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
