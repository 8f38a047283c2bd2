import type { Estimate } from "../../evaluation/intervals.ts";
import type { MetricFacts } from "../../evaluation/metric-facts.ts";
import { runKey } from "../charts/key.ts";
import { duration, integer, number, percent } from "../format.ts";
import { type Html, html } from "../html.ts";
import { rangeText, valueText } from "../metric-text.ts";
import { type RunView, type Side, scoreOf } from "../run-view.ts";
import type { Tone, Verdict } from "../verdict.ts";

const MARKS: Readonly<Record<Tone, string>> = { good: "▲", bad: "▼", neutral: "•", caution: "!" };
const NAMES: Readonly<Record<Tone, string>> = {
  good: "gain",
  bad: "loss",
  neutral: "fact",
  caution: "caution",
};

/** The judgement in words, beside its picture where there is one. */
export function verdictSection(verdict: Verdict, picture: Html | undefined): Html {
  return html`<p class="headline">${verdict.headline}</p>
    <div class="${picture ? "hero" : "solo"}">${picture}<ul class="statements">${verdict.statements.map(
      ({ tone, text }) =>
        html`<li class="${tone}"><span class="mark" title="${NAMES[tone]}">${MARKS[tone]}</span><span>${text}</span></li>`,
    )}</ul></div>`;
}

/** One row per run: the figures that decide. */
export function glanceTable(views: readonly RunView[]): Html {
  const hasOod = views.some((v) => scoreOf(v, "ood", "last"));
  const metrics = [...new Set(views.map((v) => v.metric.label))];
  const unitNote = metrics.length === 1 && html` <small>${metrics[0]}</small>`;
  return html`<div class="scroll"><table class="glance">
    <thead><tr><th scope="col">Run</th><th scope="col">In distribution${unitNote}</th>${hasOod && html`<th scope="col">Shifted, mean</th>`}
      <th scope="col">Deviation</th><th scope="col">Fired</th><th scope="col">Kept step</th><th scope="col">Time</th><th scope="col">State</th></tr></thead>
    <tbody>${views.map((view) => row(view, hasOod))}</tbody>
  </table></div>`;
}

function row(view: RunView, hasOod: boolean): Html {
  const { summary } = view.run;
  const seconds = summary.seconds || (view.run.steps.at(-1)?.seconds ?? 0);
  const steps = Math.max(summary.steps, view.run.steps.at(-1)?.step ?? 0);
  return html`<tr><th scope="row">${runKey(view)}</th>
    ${cell(view, "id")}${hasOod && cell(view, "ood")}
    <td>${summary.deviation === undefined ? "–" : number(summary.deviation)}</td>
    <td>${view.anchored ? (view.firingRate === undefined ? "–" : percent(view.firingRate)) : "no anchor"}</td>
    <td class="inline">${summary.bestStep === undefined ? "–" : integer(summary.bestStep)} <small>of ${integer(steps)}</small></td>
    <td>${duration(seconds)}</td><td>${view.status === "running" ? "not ended" : view.status}</td></tr>`;
}

function cell(view: RunView, side: Side): Html {
  return html`<td>${estimateText(scoreOf(view, side, "last"), view.metric)}</td>`;
}

/** A value with its interval beneath it, where it has one. */
export function estimateText(estimate: Estimate | undefined, metric: MetricFacts): Html {
  if (!estimate) return html`–`;
  const range = rangeText(metric, estimate);
  return html`<b>${valueText(metric, estimate.value)}</b>${range !== "" && html` <small>${range}</small>`}`;
}
