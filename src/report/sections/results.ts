import { shareInterval } from "../../evaluation/intervals.ts";
import { initialKey, runKey } from "../charts/key.ts";
import { type Comparison, compareOn } from "../compare.ts";
import { integer, number, points } from "../format.ts";
import { type Html, html } from "../html.ts";
import { hitsOf, type RunView, type SetResult, scoreOf } from "../run-view.ts";
import type { Verdict } from "../verdict.ts";
import { estimateText } from "./summary.ts";

const KIND_NAMES = {
  train: "training set",
  validation: "validation, chose the kept model",
  test: "in distribution",
  shift: "shifted",
} as const;

/** Every set against the initial model and every run, and the difference between the two runs that are compared. */
export function resultsTable(views: readonly RunView[], { main, plain }: Verdict): Html {
  const sets = rowsOf(views);
  // An untrained head's figures are guesses; the verdict states them once.
  const hasInitial = views.some((v) => v.run.summary.head !== "new" && v.sets.some((s) => s.initial));
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
      ${hasInitial && html`<td>${estimateText(scoreOf(views[0]!, "ood", "initial"), views[0]!.metric.isShare)}</td>`}
      ${views.map((v) => html`<td>${estimateText(scoreOf(v, "ood", "last"), v.metric.isShare)}</td>`)}
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
  if (!e) return html`–`;
  if (view.metric.isShare && e.metrics.accuracy !== undefined)
    return estimateText(shareInterval(hitsOf(e)), true);
  const plain = e.metrics[view.metric.name];
  return plain === undefined ? html`–` : html`<b>${number(plain)}</b>`;
}

function differenceCell(comparison: Comparison | undefined): Html {
  if (!comparison) return html`–`;
  const { outcome, difference } = comparison;
  if (outcome === "unknown") return html`${difference.value > 0 && "+"}${number(difference.value)}`;
  const word = { better: "▲ better", worse: "▼ worse", same: "within the interval" }[outcome];
  return html`<b class="${outcome}">${points(difference.value)}</b> <small>${points(difference.low)} to ${points(difference.high)}<br>${word}</small>`;
}
