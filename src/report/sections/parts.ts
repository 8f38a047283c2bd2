import { classParts } from "../../evaluation/class-parts.ts";
import { inOrder, type MetricFacts } from "../../evaluation/metric-facts.ts";
import type { EvaluationRecord, PartRecord } from "../../run/records.ts";
import { runKey } from "../charts/key.ts";
import { amount } from "../format.ts";
import { type Html, html } from "../html.ts";
import { valueText } from "../metric-text.ts";
import { type RunView, setsOfSide } from "../run-view.ts";

/** What sums a part up, the first that is there. */
const MAIN = ["iou", "f1", "r2"];
/** A table with more rows than this scrolls. */
const ROWS = 24;

/** What the parts of a page are, for its heads. */
export type PartKind = "Class" | "Type" | "Output";

export interface PartsSection {
  readonly kind: PartKind;
  readonly body: Html;
}

/**
 * How each class, label, type of entity or output did, set by set, those in distribution open. Undefined where no run
 * recorded any.
 */
export function partsSection(views: readonly RunView[]): PartsSection | undefined {
  const all = views.flatMap((v) => v.sets.flatMap((s) => partsOf(v, s.last)));
  const classes = new Set(views.flatMap((v) => v.run.summary.classes));
  const kind = all.every((p) => classes.has(p.name))
    ? "Class"
    : all.some((p) => "r2" in p.metrics)
      ? "Output"
      : "Type";
  const sides = (["id", "ood"] as const).flatMap((side) =>
    [...new Set(views.flatMap((v) => setsOfSide(v, side).map((s) => s.set)))].map((set) => ({ set, side })),
  );
  const folds = sides.flatMap(({ set, side }): Html[] => {
    const columns = views.flatMap((view) => {
      const parts = partsOf(view, view.sets.find((s) => s.set === set)?.last);
      return parts.length > 0 ? [{ view, parts }] : [];
    });
    if (columns.length === 0) return [];
    const isOpen = side === "id" ? html`open` : null;
    const only = columns.length === 1 && columns[0];
    return [
      html`<details ${isOpen}><summary>${set}</summary>${only ? oneRun(kind, only.parts) : severalRuns(kind, columns)}</details>`,
    ];
  });
  return folds.length > 0 ? { kind, body: html`${folds}` } : undefined;
}

/** What a run recorded, or what its confusion matrix tells of each class. */
function partsOf({ run }: RunView, evaluation: EvaluationRecord | undefined): readonly PartRecord[] {
  return evaluation?.parts ?? classParts(evaluation?.confusion ?? [], run.summary.classes);
}

/** One run: a column for each metric. */
function oneRun(kind: PartKind, parts: readonly PartRecord[]): Html {
  const metrics = inOrder(parts.flatMap((p) => Object.keys(p.metrics)));
  return html`<div class="${wrapper(parts.length)}"><table class="parts"><thead><tr><th scope="col">${kind}</th>${metrics.map((m) => html`<th scope="col" title="${m.summary}">${m.label}</th>`)}<th scope="col">Support</th></tr></thead><tbody>${parts.map(
    (p) =>
      html`<tr><th scope="row">${p.name}</th>${metrics.map((m) => cell(m, p))}<td>${amount(p.count)}</td></tr>`,
  )}</tbody></table></div>`;
}

interface Column {
  readonly view: RunView;
  readonly parts: readonly PartRecord[];
}

/** Several runs: the metric that sums a part up, a column for each run. */
function severalRuns(kind: PartKind, columns: readonly Column[]): Html {
  const parts = [...new Map(columns.flatMap((c) => c.parts).map((p) => [p.name, p])).values()];
  const metrics = inOrder(parts.flatMap((p) => Object.keys(p.metrics)));
  const main = metrics.find((m) => MAIN.includes(m.name)) ?? metrics[0];
  if (!main) return html``;
  return html`<div class="${wrapper(parts.length)}"><table class="parts"><thead><tr><th scope="col">${kind}</th>${columns.map(
    ({ view }) =>
      html`<th scope="col" title="${main.summary}">${main.label} <small>${runKey(view)}</small></th>`,
  )}<th scope="col">Support</th></tr></thead><tbody>${parts.map(
    ({ name, count }) =>
      html`<tr><th scope="row">${name}</th>${columns.map((c) =>
        cell(
          main,
          c.parts.find((p) => p.name === name),
        ),
      )}<td>${amount(count)}</td></tr>`,
  )}</tbody></table></div>`;
}

/** A value, with a bar beneath it where it lies between 0 and 1. */
function cell(metric: MetricFacts, part: PartRecord | undefined): Html {
  const value = part?.metrics[metric.name];
  const text = valueText(metric, value);
  if (metric.unit !== "percent" || value === undefined || Number.isNaN(value)) return html`<td>${text}</td>`;
  return html`<td class="bar" style="--share:${(100 * value).toFixed(1)}%">${text}</td>`;
}

function wrapper(rows: number): string {
  return rows > ROWS ? "scroll tall" : "scroll";
}
