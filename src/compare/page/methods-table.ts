import { type Estimate, signOf } from "../../evaluation/intervals.ts";
import { lookKey } from "../../report/charts/key.ts";
import { points } from "../../report/format.ts";
import { type Html, html } from "../../report/html.ts";
import type { Comparison } from "../results.ts";
import { cellParts, columnsOf } from "../table.ts";

/** One row per method: every figure, and the difference from the baseline in words. */
export function methodsTable(comparison: Comparison): Html {
  const columns = columnsOf(comparison);
  const { methods, baseline } = comparison;
  const hasOod = methods.some((m) => m.against?.ood);
  return html`<div class="scroll"><table class="glance compared"><thead><tr><th scope="col">Method</th>
    ${columns.map((c) => html`<th scope="col">${c.head}</th>`)}<th scope="col">${hasOod ? "OOD" : "ID"} − ${baseline}</th></tr></thead>
    <tbody>${methods.map(
      (row, i) =>
        html`<tr><th scope="row">${lookKey(i, row.name)}<small>${row.setting}</small></th>${columns.map(
          (c) => {
            const { value, half } = cellParts(c, row);
            return html`<td><b>${value}</b>${half !== null && html`<small>± ${half}</small>`}</td>`;
          },
        )}<td>${row.name === baseline ? "baseline" : differenceCell(row.against?.ood ?? row.against?.id)}</td></tr>`,
    )}</tbody></table></div>`;
}

function differenceCell(difference: Estimate | undefined): Html {
  if (!difference) return html`–`;
  const range = html`<small>${points(difference.low)} to ${points(difference.high)}</small>`;
  const sign = signOf(difference);
  if (sign === "same") return html`no difference seen${range}`;
  return html`<b class="${sign === "above" ? "better" : "worse"}">${points(difference.value)}</b>${range}`;
}
