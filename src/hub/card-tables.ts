import { estimateOf } from "../evaluation/estimates.ts";
import type { Estimate } from "../evaluation/intervals.ts";
import { inOrder, type MetricFacts } from "../evaluation/metric-facts.ts";
import { compareOn } from "../report/compare.ts";
import { integer } from "../report/format.ts";
import { differenceText, rangeText, valueText } from "../report/metric-text.ts";
import { type RunView, type SetResult, scoreOf } from "../report/run-view.ts";
import type { EvaluationRecord, SetKind } from "../run/records.ts";

const KINDS: Readonly<Record<SetKind, string>> = {
  train: "training",
  validation: "held out, chose the model",
  test: "in distribution",
  shift: "shifted",
};

/** Every set before and after, by the metric that the run is judged by, with 95 % intervals where it has some. */
export function resultsTable(view: RunView): string[] {
  const { metric, run } = view;
  const sets = view.sets.filter((s) => s.last);
  // An untrained head's answers are guesses.
  const hasBefore = run.summary.head !== "new" && sets.some((s) => s.initial);
  const shifts = sets.filter((s) => s.kind === "shift");
  const head = ["set", "", "examples", ...(hasBefore ? ["before", "after", "change"] : [metric.label])];
  const rows = sets.map((set) => [
    cell(set.set),
    KINDS[set.kind],
    integer(set.last?.count ?? 0),
    ...(hasBefore ? [judgedText(view, set.initial)] : []),
    `**${judgedText(view, set.last)}**`,
    ...(hasBefore ? [changeOf(view, set)] : []),
  ]);
  if (shifts.length > 1) {
    const mean = (which: "initial" | "last") => estimateText(scoreOf(view, "ood", which), metric);
    const change = compareOn("ood", { view, which: "last" }, { view, which: "initial" });
    rows.push([
      "mean of shifted sets",
      "unweighted",
      "",
      ...(hasBefore ? [mean("initial")] : []),
      `**${mean("last")}**`,
      ...(hasBefore ? [differenceCell(change?.difference, metric)] : []),
    ]);
  }
  return markdownTable(head, rows, 2);
}

/** Every other metric of the kept model by set. */
export function metricsTable(view: RunView): string[] {
  const sets = view.sets.filter((s) => s.last);
  const names = new Set(sets.flatMap((s) => Object.keys(s.last?.metrics ?? {})));
  names.delete(view.metric.name);
  const metrics = inOrder(names);
  if (metrics.length === 0) return [];
  const rows = sets.map((set) => [
    cell(set.set),
    ...metrics.map((m) => estimateText(set.last && estimateOf(set.last, m), m)),
  ]);
  return markdownTable(["set", ...metrics.map((m) => m.label)], rows, 1);
}

/** Text that cannot end a table's cell, or become markup. */
export function cell(text: string): string {
  return text.replace(/[\r\n]+/gu, " ").replace(/[\\|`*_<>[\]]/gu, "\\$&");
}

function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts: number,
): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i < texts ? "---" : "--:"))), ...rows.map(line)];
}

function judgedText(view: RunView, evaluation: EvaluationRecord | undefined): string {
  return estimateText(evaluation && estimateOf(evaluation, view.metric), view.metric);
}

function changeOf(view: RunView, set: SetResult): string {
  // A view that knows this set alone, as its in-distribution side.
  const only: RunView = { ...view, sets: [{ ...set, kind: "test" }] };
  const comparison = compareOn("id", { view: only, which: "last" }, { view: only, which: "initial" });
  return differenceCell(comparison?.difference, view.metric);
}

function estimateText(estimate: Estimate | undefined, metric: MetricFacts): string {
  if (!estimate) return "–";
  const range = rangeText(metric, estimate);
  return `${valueText(metric, estimate.value)}${range === "" ? "" : ` (${range})`}`;
}

function differenceCell(difference: Estimate | undefined, metric: MetricFacts): string {
  if (!difference) return "–";
  const text = (value: number) => differenceText(metric, value);
  const { value, low, high } = difference;
  return Number.isFinite(low) ? `${text(value)} (${text(low)} to ${text(high)})` : text(value);
}
