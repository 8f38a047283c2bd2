import { lookKey } from "../../report/charts/key.ts";
import { type Html, html } from "../../report/html.ts";
import { valueText } from "../../report/metric-text.ts";
import { describePoint } from "../job.ts";
import type { Comparison } from "../results.ts";

/** What was tried for each method, what was chosen, and whether the range was wide enough. */
export function tuningTable({ methods, chosenBy }: Comparison): Html {
  return html`<div class="scroll"><table><thead><tr><th scope="col">Method</th><th scope="col">Trials</th><th scope="col">Tried, validation ${chosenBy.label}</th><th scope="col">Chosen</th></tr></thead>
    <tbody>${methods.map(({ name, tried, setting, atEdge }, i) => {
      if (tried.length === 0) return false; // made of another method's runs
      const widened = tried.filter((t) => t.widened).length;
      return html`<tr><th scope="row">${lookKey(i, name)}</th>
        <td>${tried.length}${widened > 0 && html` <small>${widened} beyond the range</small>`}</td>
        <td>${tried.map((t, j) => {
          const said = `${describePoint(t.point)}: ${t.validation === undefined ? "failed" : valueText(chosenBy, t.validation)}${t.widened ? " (widened)" : ""}`;
          return html`${j > 0 && ", "}${t.isChosen ? html`<b>${said}</b>` : said}`;
        })}</td>
        <td>${setting}${atEdge && html`<small> at the edge of what was tried</small>`}</td></tr>`;
    })}</tbody></table></div>`;
}
