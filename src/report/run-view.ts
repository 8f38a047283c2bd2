import { estimateOf } from "../evaluation/estimates.ts";
import { type Estimate, type Hits, type MeanPart, meanInterval } from "../evaluation/intervals.ts";
import { mainMetric } from "../evaluation/main-metric.ts";
import { inOrder, type MetricFacts } from "../evaluation/metric-facts.ts";
import { unpackBits, unpackFloats } from "../run/bits.ts";
import type { EvaluationRecord, RunStatus, SetKind } from "../run/records.ts";
import type { RunRecord } from "../run/run-reader.ts";

/** A run as the page shows it: with a label of its own, and its results by set. */
export interface RunView {
  readonly run: RunRecord;
  /** Place among the runs of the page; chooses colour, dash and marker. */
  readonly index: number;
  readonly label: string;
  /** The metric that the page judges the run by. */
  readonly metric: MetricFacts;
  readonly sets: readonly SetResult[];
  /** Whether an anchor rule other than plain weight decay was at work. */
  readonly anchored: boolean;
  /** Share of anchored tensor-steps in which the anchor rule fired; undefined without one, or without records. */
  readonly firingRate: number | undefined;
  readonly status: RunStatus;
}

/** One set: the first model and the kept one (the latest one, where the run did not end). */
export interface SetResult {
  readonly set: string;
  readonly kind: SetKind;
  readonly initial?: EvaluationRecord;
  readonly last?: EvaluationRecord;
}

/** A group of sets that one figure stands for. */
export type Side = "id" | "ood";

/** The page's view of the runs, in the order given. */
export function viewsOf(runs: readonly RunRecord[]): readonly RunView[] {
  const labels = labelsOf(runs);
  return runs.map((run, index) => {
    const rule = run.summary.method.anchorRule;
    const anchored =
      rule !== "none" && rule !== "weight-decay" && rule !== "cautious" && run.summary.method.strength > 0;
    return {
      run,
      index,
      label: labels[index]!,
      metric: metricOf(run),
      sets: setsOf(run),
      anchored,
      firingRate: anchored ? (run.summary.firingRate ?? firingRateOf(run)) : undefined,
      status: run.summary.status,
    };
  });
}

/** The sets that judge a side: shifts for `ood`; for `id` the test sets, or validation where there is no test. */
export function setsOfSide(view: RunView, side: Side): readonly SetResult[] {
  const ofKind = (kind: SetKind) => view.sets.filter((s) => s.kind === kind && s.last);
  if (side === "ood") return ofKind("shift");
  const tests = ofKind("test");
  return tests.length > 0 ? tests : ofKind("validation");
}

/** The right answers of an evaluation by a metric that is a share, for intervals. */
export function hitsOf({ count, asked, correct, metrics }: EvaluationRecord, { name }: MetricFacts): Hits {
  const of = asked ?? count;
  const share = metrics[name] ?? Number.NaN;
  const right = correct === undefined ? undefined : unpackBits(correct, of);
  // The bits are of one metric; another share, such as the first five, has none.
  const isOfThis = right && Math.abs(right.reduce((a, b) => a + b, 0) - share * of) < 0.5;
  return { count: of, share, ...(isOfThis && { right }) };
}

/** A metric in bootstrap replicates of the set; undefined where none were recorded. */
export function drawsOf({ draws }: EvaluationRecord, { name }: MetricFacts): Float32Array | undefined {
  const packed = draws?.[name];
  return packed === undefined ? undefined : unpackFloats(packed);
}

/** An evaluation as a part of a mean over sets. */
export function partOf(evaluation: EvaluationRecord, metric: MetricFacts): MeanPart | undefined {
  const estimate = estimateOf(evaluation, metric);
  if (!estimate) return undefined;
  const values =
    drawsOf(evaluation, metric) ?? (metric.isShare ? hitsOf(evaluation, metric).right : undefined);
  return { estimate, count: evaluation.asked ?? evaluation.count, ...(values && { values }) };
}

/** Every metric that some run was judged by, in the table's order. */
export function metricsOf(views: readonly RunView[]): readonly MetricFacts[] {
  return inOrder(views.flatMap((v) => v.run.evaluations.flatMap((e) => Object.keys(e.metrics))));
}

/** The metric that all runs are judged by; undefined where they differ. */
export function oneMetric(views: readonly RunView[]): MetricFacts | undefined {
  const [first, ...others] = views.map((v) => v.metric);
  return others.every((m) => m.name === first?.name) ? first : undefined;
}

/** The runs as a page that judges by another metric sees them. */
export function judgedBy(metric: MetricFacts, views: readonly RunView[]): readonly RunView[] {
  return views.map((view) => ({ ...view, metric }));
}

/**
 * A side's figure: the unweighted mean of the metric over its sets, with an interval where each set has one
 * (otherwise `low` and `high` are NaN). Undefined if a set lacks the metric, or the side has no sets.
 */
export function scoreOf(view: RunView, side: Side, which: "initial" | "last"): Estimate | undefined {
  const sets = setsOfSide(view, side);
  const parts = sets.flatMap((s) => (s[which] && partOf(s[which], view.metric)) ?? []);
  return parts.length > 0 && parts.length === sets.length ? meanInterval(parts) : undefined;
}

/** The main one of the metrics that the kept model has on every set; before there is one, that of the latest evaluation. */
function metricOf(run: RunRecord): MetricFacts {
  const kept = run.evaluations.filter((e) => e.model === "best");
  const judged = kept.length > 0 ? kept : run.evaluations.slice(-1);
  return mainOf(run, judged);
}

/** A run by the metric that is known while it trains: what a model writes is judged when it is finished. */
export function whileTraining(view: RunView): RunView {
  const { run, metric } = view;
  const [first] = run.evaluations.filter((e) => e.model !== "best");
  return !first || metric.name in first.metrics ? view : { ...view, metric: mainOf(run, [first]) };
}

function mainOf(run: RunRecord, judged: readonly EvaluationRecord[]): MetricFacts {
  const { metric, higherIsBetter } = run.summary.selection;
  const [first, ...others] = judged;
  const common = Object.entries(first?.metrics ?? {}).filter(([name]) =>
    others.every((e) => name in e.metrics),
  );
  const main = mainMetric(Object.fromEntries(common), metric);
  return main.name === metric ? { ...main, higherIsBetter } : main;
}

function setsOf(run: RunRecord): readonly SetResult[] {
  const sets = new Map<
    string,
    { set: string; kind: SetKind; initial?: EvaluationRecord; last?: EvaluationRecord }
  >();
  for (const e of run.evaluations) {
    const key = `${e.kind} ${e.set}`;
    const result = sets.get(key) ?? { set: e.set, kind: e.kind };
    sets.set(key, result);
    if (e.model === "initial") result.initial = e;
    // A kept model's record outranks those of the way there; among equals the later one counts.
    if (e.model === "best" || result.last?.model !== "best") result.last = e;
  }
  const order: readonly SetKind[] = ["train", "validation", "test", "shift"];
  return [...sets.values()].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function firingRateOf(run: RunRecord): number | undefined {
  let steps = 0;
  let fired = 0;
  for (const layer of run.layers) {
    if (!layer.anchored) continue;
    steps += layer.steps;
    fired += layer.fired * layer.steps;
  }
  return steps > 0 ? fired / steps : undefined;
}

/** Method names, told apart by run name and folder where several runs share one. */
function labelsOf(runs: readonly RunRecord[]): readonly string[] {
  const count = (texts: readonly string[], text: string) => texts.filter((t) => t === text).length;
  const methods = runs.map((r) => r.summary.method.name);
  const named = runs.map((r, i) =>
    count(methods, methods[i]!) > 1 ? `${methods[i]} · ${r.summary.name}` : methods[i]!,
  );
  return runs.map((r, i) => (count(named, named[i]!) > 1 ? `${named[i]} · ${r.folder}` : named[i]!));
}
