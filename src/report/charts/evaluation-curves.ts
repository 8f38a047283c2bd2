import { type Estimate, type MeanPart, meanInterval } from "../../evaluation/intervals.ts";
import type { MetricFacts } from "../../evaluation/metric-facts.ts";
import type { EvaluationRecord } from "../../run/records.ts";
import { partOf, type RunView, whileTraining } from "../run-view.ts";
import type { CurvePoint } from "./thin.ts";

/** One run's line in one chart. */
export interface Series {
  readonly view: RunView;
  readonly points: readonly CurvePoint[];
}

/** The metric over training on one set, or on all shifts together. */
export interface EvaluationCurve {
  readonly title: string;
  readonly metric: MetricFacts;
  readonly series: readonly Series[];
}

export interface EvaluationCurves {
  readonly validation: readonly EvaluationCurve[];
  readonly shiftMean: readonly EvaluationCurve[];
  readonly shifts: readonly EvaluationCurve[];
}

/**
 * Every set that was judged on the way, shifts apart, and their unweighted mean where there are several. Runs that are
 * judged by different metrics share no chart.
 */
export function evaluationCurves(runs: readonly RunView[]): EvaluationCurves {
  const views = runs.map(whileTraining);
  const groups = [...new Set(views.map((v) => v.metric.name))].map((name) =>
    curvesOfMetric(views.filter((v) => v.metric.name === name)),
  );
  return {
    validation: groups.flatMap((g) => g.validation),
    shiftMean: groups.flatMap((g) => g.shiftMean),
    shifts: groups.flatMap((g) => g.shifts),
  };
}

function curvesOfMetric(views: readonly RunView[]): EvaluationCurves {
  const { metric } = views[0]!; // a group has at least one run
  const namesOf = (kind: EvaluationRecord["kind"]) => [
    ...new Set(views.flatMap((v) => v.run.evaluations.filter((e) => e.kind === kind).map((e) => e.set))),
  ];
  const curves = (kind: EvaluationRecord["kind"], title: (set: string) => string) =>
    namesOf(kind).map((set) => ({
      title: title(set),
      metric,
      series: views.map((view) => ({ view, points: setPoints(view, kind, set) })),
    }));
  const shifts = curves("shift", (set) => `Shift “${set}”: ${metric.label}`);
  const mean = {
    title: `Mean of all shifts: ${metric.label}`,
    metric,
    series: views.map((view) => ({ view, points: meanPoints(view, namesOf("shift").length) })),
  };
  return {
    validation: curves("validation", () => `Validation: ${metric.label}`),
    shiftMean: shifts.length > 1 ? [mean] : [],
    shifts,
  };
}

function setPoints(view: RunView, kind: EvaluationRecord["kind"], set: string): CurvePoint[] {
  return onTheWay(view)
    .filter((e) => e.kind === kind && e.set === set)
    .map((e) => pointAt(e.step, bandOf(view, e)));
}

/** Only steps at which every shift was judged: a mean over fewer would jump. */
function meanPoints(view: RunView, sets: number): CurvePoint[] {
  const byStep = new Map<number, EvaluationRecord[]>();
  for (const e of onTheWay(view)) {
    if (e.kind === "shift") byStep.set(e.step, [...(byStep.get(e.step) ?? []), e]);
  }
  return [...byStep]
    .filter(([, records]) => records.length === sets)
    .map(([step, records]) => pointAt(step, meanInterval(records.map((e) => banded(view, e)))));
}

function onTheWay(view: RunView): readonly EvaluationRecord[] {
  return view.run.evaluations.filter(
    (e) => e.model !== "best" && Number.isFinite(e.metrics[view.metric.name]),
  );
}

function bandOf(view: RunView, e: EvaluationRecord): Estimate {
  return banded(view, e).estimate;
}

/** A value without an interval is a band without width. */
function banded({ metric }: RunView, e: EvaluationRecord): MeanPart {
  const part = partOf(e, metric);
  if (part && !Number.isNaN(part.estimate.low)) return part;
  const value = e.metrics[metric.name] ?? Number.NaN;
  return { estimate: { value, low: value, high: value }, count: e.count };
}

function pointAt(x: number, { value, low, high }: Estimate): CurvePoint {
  return { x, y: value, low, high };
}
