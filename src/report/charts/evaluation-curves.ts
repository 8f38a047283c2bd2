import { type Estimate, meanInterval, shareInterval } from "../../evaluation/intervals.ts";
import type { EvaluationRecord } from "../../run/records.ts";
import { hitsOf, type RunView } from "../run-view.ts";
import type { CurvePoint } from "./thin.ts";

/** One run's line in one chart. */
export interface Series {
  readonly view: RunView;
  readonly points: readonly CurvePoint[];
}

/** The metric over training on one set, or on all shifts together. */
export interface EvaluationCurve {
  readonly title: string;
  readonly series: readonly Series[];
}

/** Every set that was judged on the way, shifts apart, and their unweighted mean where there are several. */
export function evaluationCurves(views: readonly RunView[]): {
  readonly validation: readonly EvaluationCurve[];
  readonly shiftMean: readonly EvaluationCurve[];
  readonly shifts: readonly EvaluationCurve[];
} {
  const metric = views[0]!.metric.name; // a report has at least one run
  const namesOf = (kind: EvaluationRecord["kind"]) => [
    ...new Set(views.flatMap((v) => v.run.evaluations.filter((e) => e.kind === kind).map((e) => e.set))),
  ];
  const curves = (kind: EvaluationRecord["kind"], title: (set: string) => string) =>
    namesOf(kind).map((set) => ({
      title: title(set),
      series: views.map((view) => ({ view, points: setPoints(view, kind, set) })),
    }));
  const shifts = curves("shift", (set) => `Shift “${set}”: ${metric}`);
  const mean = {
    title: `Mean of all shifts: ${metric}`,
    series: views.map((view) => ({ view, points: meanPoints(view, namesOf("shift").length) })),
  };
  return {
    validation: curves("validation", () => `Validation: ${metric}`),
    shiftMean: shifts.length > 1 ? [mean] : [],
    shifts,
  };
}

function setPoints(view: RunView, kind: EvaluationRecord["kind"], set: string): CurvePoint[] {
  return onTheWay(view)
    .filter((e) => e.kind === kind && e.set === set)
    .map((e) => pointAt(e.step, estimateOf(view, e)));
}

/** Only steps at which every shift was judged: a mean over fewer would jump. */
function meanPoints(view: RunView, sets: number): CurvePoint[] {
  const byStep = new Map<number, EvaluationRecord[]>();
  for (const e of onTheWay(view)) {
    if (e.kind === "shift") byStep.set(e.step, [...(byStep.get(e.step) ?? []), e]);
  }
  return [...byStep]
    .filter(([, records]) => records.length === sets)
    .map(([step, records]) =>
      pointAt(
        step,
        meanInterval(
          records.map((e) => {
            const { right } = hitsOf(e);
            return { estimate: estimateOf(view, e), count: e.count, ...(right && { values: right }) };
          }),
        ),
      ),
    );
}

function onTheWay(view: RunView): readonly EvaluationRecord[] {
  return view.run.evaluations.filter(
    (e) => e.model !== "best" && Number.isFinite(e.metrics[view.metric.name]),
  );
}

function estimateOf(view: RunView, e: EvaluationRecord): Estimate {
  const value = e.metrics[view.metric.name] ?? Number.NaN;
  return view.metric.isShare ? shareInterval(hitsOf(e)) : { value, low: value, high: value };
}

function pointAt(x: number, { value, low, high }: Estimate): CurvePoint {
  return { x, y: value, low, high };
}
