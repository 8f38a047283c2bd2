import { estimateOf } from "../../evaluation/estimates.ts";
import type { MetricFacts } from "../../evaluation/metric-facts.ts";
import { initialKey, runKey } from "../charts/key.ts";
import { type Comparison, compareOn } from "../compare.ts";
import { integer } from "../format.ts";
import { type Html, html } from "../html.ts";
import { differenceText } from "../metric-text.ts";
import { judgedBy, metricsOf, type RunView, type SetResult, scoreOf } from "../run-view.ts";
import type { Verdict } from "../verdict.ts";
import { estimateText } from "./summary.ts";

const KIND_NAMES = {
  train: "training set",
  validation: "validation, chose the kept model",
  test: "in distribution",
  shift: "shifted",
} as const;

/** The metric that the runs are judged by in full, then all others. */
export function resultsSection(views: readonly RunView[], verdict: Verdict): Html {
  const judged = new Set(views.map((v) => v.metric.name));
  const others = metricsOf(views).filter((m) => judged.size > 1 || !judged.has(m.name));
  const labels = [...new Set(views.map((v) => v.metric.label))];
  return html`<h3>${labels.join(", ")}</h3>${resultsTable(views, verdict)}${
    others.length > 0 &&
    (views.length === 1 ? allMetrics(views[0]!) : others.map((m) => otherMetric(m, views, verdict)))
  }`;
}

/** One run: a column for each metric. */
function allMetrics(view: RunView): Html {
  const metrics = metricsOf([view]);
  return html`<h3>Every metric</h3><div class="scroll"><table class="metrics"><thead><tr><th scope="col">Set</th>${metrics.map(
    (m) =>
      html`<th scope="col" title="${m.summary} ${better(m)}.">${m.label} ${m.higherIsBetter ? "↑" : "↓"}</th>`,
  )}</tr></thead><tbody>${view.sets.map(
    (s) =>
      html`<tr><th scope="row">${s.set}<small>${KIND_NAMES[s.kind]}</small></th>${metrics.map((m) => html`<td>${value(judgedBy(m, [view])[0]!, s, "last")}</td>`)}</tr>`,
  )}</tbody></table></div><p class="note">↑ higher is better, ↓ lower is better</p>`;
}

/** Several runs: a table for each metric. */
function otherMetric(metric: MetricFacts, views: readonly RunView[], { main, plain }: Verdict): Html {
  const all = judgedBy(metric, views);
  const same = (view: RunView) => all[view.index]!; // a view's index is its place among the views
  const verdict = { main: same(main), ...(plain && { plain: same(plain) }) };
  return html`<details><summary>${metric.label} <small>${better(metric)}</small></summary>${metric.summary !== "" && html`<p class="note">${metric.summary}</p>`}${resultsTable(all, verdict)}</details>`;
}

function better({ higherIsBetter }: MetricFacts): string {
  return higherIsBetter ? "Higher is better" : "Lower is better";
}

/** Every set against the initial model and every run, and the difference between the two runs that are compared. */
function resultsTable(views: readonly RunView[], { main, plain }: Pick<Verdict, "main" | "plain">): Html {
  const sets = rowsOf(views);
  // An untrained head's figures are guesses; the verdict states them once.
  const hasInitial = views.some(
    (v) =>
      v.run.summary.head !== "new" && v.sets.some((s) => s.initial?.metrics[v.metric.name] !== undefined),
  );
  const shifts = sets.filter((s) => s.kind === "shift");
  return html`<div class="scroll"><table class="results">
    <thead><tr><th scope="col">Set</th><th scope="col">Examples</th>${hasInitial && html`<th scope="col">${initialKey()}</th>`}
      ${views.map((v) => html`<th scope="col">${runKey(v)}</th>`)}
      ${plain && html`<th scope="col">${main.label} − ${plain.label}</th>`}</tr></thead>
    <tbody>${sets.map(({ set, kind, count }) => {
      const find = (view: RunView) => view.sets.find((s) => s.set === set && s.kind === kind);
      const difference = plain && compareOn("id", only(main, find(main)), only(plain, find(plain)));
      return html`<tr><th scope="row">${set}<small>${KIND_NAMES[kind]}</small></th><td>${integer(count)}</td>
        ${hasInitial && html`<td>${value(views[0]!, find(views[0]!), "initial")}</td>`}
        ${views.map((v) => html`<td>${value(v, find(v), "last")}</td>`)}
        ${plain && html`<td>${differenceCell(difference)}</td>`}</tr>`;
    })}</tbody>
    ${
      shifts.length > 1 &&
      html`<tfoot><tr><th scope="row">Mean of shifts<small>unweighted</small></th><td></td>
      ${hasInitial && html`<td>${estimateText(scoreOf(views[0]!, "ood", "initial"), views[0]!.metric)}</td>`}
      ${views.map((v) => html`<td>${estimateText(scoreOf(v, "ood", "last"), v.metric)}</td>`)}
      ${plain && html`<td>${differenceCell(compareOn("ood", { view: main, which: "last" }, { view: plain, which: "last" }))}</td>`}</tr></tfoot>`
    }
  </table></div>`;
}

function rowsOf(
  views: readonly RunView[],
): readonly { set: string; kind: SetResult["kind"]; count: number }[] {
  const rows = new Map<string, { set: string; kind: SetResult["kind"]; count: number }>();
  for (const view of views) {
    for (const s of view.sets) {
      const key = `${s.kind} ${s.set}`;
      if (!rows.has(key))
        rows.set(key, { set: s.set, kind: s.kind, count: (s.last ?? s.initial)?.count ?? 0 });
    }
  }
  return [...rows.values()];
}

/** A view that knows one set only, as its in-distribution side, so that `compareOn` judges this set. */
function only(view: RunView, set: SetResult | undefined): { view: RunView; which: "last" } {
  return { view: { ...view, sets: set ? [{ ...set, kind: "test" }] : [] }, which: "last" };
}

function value(view: RunView, set: SetResult | undefined, which: "initial" | "last"): Html {
  const e = set?.[which];
  return estimateText(e && estimateOf(e, view.metric), view.metric);
}

function differenceCell(comparison: Comparison | undefined): Html {
  if (!comparison) return html`–`;
  const { metric, outcome, difference } = comparison;
  const text = (value: number) => differenceText(metric, value);
  if (outcome === "unknown") return html`${text(difference.value)}`;
  const word = { better: "▲ better", worse: "▼ worse", same: "within the interval" }[outcome];
  return html`<b class="${outcome}">${text(difference.value)}</b> <small>${text(difference.low)} to ${text(difference.high)}<br>${word}</small>`;
}
