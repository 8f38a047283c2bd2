import type { Estimate } from "../../evaluation/intervals.ts";
import type { MetricFacts } from "../../evaluation/metric-facts.ts";
import { lookKey } from "../../report/charts/key.ts";
import { type Html, html } from "../../report/html.ts";
import { differenceText } from "../../report/metric-text.ts";
import { judgementOf, rangeText } from "../metric-words.ts";
import type { Comparison } from "../results.ts";
import { cellParts, columnsOf, hasOod } from "../table.ts";

/** One row per method: every figure, and the difference from the baseline in words. */
export function methodsTable(comparison: Comparison): Html {
  const columns = columnsOf(comparison);
  const { methods, baseline, metric } = comparison;
  return html`<div class="scroll"><table class="glance compared"><thead><tr><th scope="col">Method</th>
    ${columns.map((c) => html`<th scope="col">${c.head}</th>`)}<th scope="col">${hasOod(comparison) ? "OOD" : "ID"} − ${baseline}</th></tr></thead>
    <tbody>${methods.map(
      (row, i) =>
        html`<tr><th scope="row">${lookKey(i, row.name)}<small>${row.setting}</small></th>${columns.map(
          (c) => {
            const { value, half } = cellParts(c, row);
            return html`<td><b>${value}</b>${half !== null && html`<small>± ${half}</small>`}</td>`;
          },
        )}<td>${row.name === baseline ? "baseline" : differenceCell(metric, row.against?.ood ?? row.against?.id)}</td></tr>`,
    )}</tbody></table></div>`;
}

function differenceCell(metric: MetricFacts, difference: Estimate | undefined): Html {
  if (!difference) return html`–`;
  const judged = judgementOf(metric, difference);
  const value = differenceText(metric, difference.value);
  if (judged === "untold") return html`${value}<small>one seed</small>`;
  const range = html`<small>${rangeText(metric, difference)}</small>`;
  return judged === "same"
    ? html`no difference seen${range}`
    : html`<b class="${judged}">${value}</b>${range}`;
}
