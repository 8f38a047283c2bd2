import { effectiveRobustness, fitRobustnessLine } from "../../evaluation/robustness.ts";
import { runKey } from "../charts/key.ts";
import { percent, points } from "../format.ts";
import { type Html, html } from "../html.ts";
import { idOodOf } from "../robustness.ts";
import { oneMetric, type RunView } from "../run-view.ts";
import type { Verdict } from "../verdict.ts";

/**
 * How robust each of several runs is: relative to the plain one, and relative to the line that the page's unanchored
 * runs lie on, where they are enough to tell one. Undefined for a single run, or without shifted sets.
 */
export function robustnessTable(views: readonly RunView[], { plain }: Verdict): Html | undefined {
  const rows = views.flatMap((view) => idOodOf(view).map((at) => ({ view, at })));
  if (rows.length < 2 || !oneMetric(views)?.isShare) return undefined;
  const line = fitRobustnessLine(rows.filter(({ view }) => !view.anchored).map(({ at }) => at));
  const base = rows.find(({ view }) => view === plain)?.at;
  return html`<div class="scroll"><table class="robustness"><thead><tr><th scope="col">Run</th><th scope="col">In distribution</th><th scope="col">Shifted</th>${
    base && html`<th scope="col">Relative robustness</th>`
  }${line && html`<th scope="col">Effective robustness</th>`}</tr></thead><tbody>${rows.map(
    ({ view, at }) =>
      html`<tr><th scope="row">${runKey(view)}</th><td>${percent(at.id)}</td><td>${percent(at.ood)}</td>${
        base && html`<td>${view === plain ? "–" : points(at.ood - base.ood)}</td>`
      }${line && html`<td>${points(effectiveRobustness(line, at))}</td>`}</tr>`,
  )}</tbody></table></div><p class="note">${
    base && plain && `Relative robustness: points on shifted data above ${plain.label}. `
  }${
    line
      ? `Effective robustness: points above what the line through the ${line.points} unanchored runs expects of a run's accuracy in distribution, in logits (R² ${line.r2.toFixed(2)}).`
      : "Effective robustness needs the line of three unanchored runs that differ in distribution; this page has fewer."
  }</p>`;
}
