import { heatMap, LEVELS, levelOf, round } from "../charts/heat.ts";
import { runKey } from "../charts/key.ts";
import { amount, middle, percent } from "../format.ts";
import { type Html, html } from "../html.ts";
import { type RunView, setsOfSide } from "../run-view.ts";

/** Up to this many classes the matrix is a table with counts; beyond, a picture and a list. */
const TABLE_CLASSES = 20;
const LISTED = 8;

/** Confusion matrices by set, those of the set in distribution open, each run beside the others. */
export function confusionSection(views: readonly RunView[]): Html {
  const names = new Map<string, boolean>();
  for (const view of views) {
    for (const side of ["id", "ood"] as const) {
      for (const s of setsOfSide(view, side))
        if (s.last?.confusion) names.set(s.set, names.get(s.set) ?? names.size === 0);
    }
  }
  if (names.size === 0) return html`<p class="empty">No confusion matrix was recorded.</p>`;
  return html`${[...names].map(
    ([set, open]) =>
      html`<details ${open ? OPEN : null}><summary>${set}</summary><div class="panels">${views.map((view) => {
        const confusion = view.sets.find((s) => s.set === set)?.last?.confusion;
        return (
          confusion &&
          html`<figure><figcaption>${runKey(view)}</figcaption>${matrix(confusion, view.run.summary.classes)}</figure>`
        );
      })}</div></details>`,
  )}`;
}

const OPEN: Html = html`open`;

function matrix(counts: readonly (readonly number[])[], classes: readonly string[]): Html {
  const name = (i: number) => classes[i] ?? `class ${i}`;
  const rows = counts.map((row) => {
    const total = row.reduce((a, b) => a + b, 0);
    return Float64Array.from(row, (n) => (total > 0 ? n / total : 0));
  });
  const picture = counts.length <= TABLE_CLASSES ? table(counts, rows, name) : heat(rows);
  return html`${picture}${mistakes(counts, name)}`;
}

function table(
  counts: readonly (readonly number[])[],
  rows: readonly Float64Array[],
  name: (i: number) => string,
): Html {
  return html`<div class="scroll"><table class="confusion"><thead><tr><th scope="col" class="corner">true ↓ predicted →</th>${counts.map(
    (_, i) => html`<th scope="col" title="${name(i)}"><span>${middle(name(i), 12)}</span></th>`,
  )}</tr></thead><tbody>${counts.map(
    (row, i) =>
      html`<tr><th scope="row" title="${name(i)}">${middle(name(i), 14)}</th>${row.map((n, j) => {
        const level = levelOf(rows[i]![j]!, 1);
        return html`<td class="c${level}${i === j ? " right" : ""}${level > LEVELS / 2 ? " strong" : ""}" title="${name(i)} taken for ${name(j)}: ${amount(n)}">${n === 0 ? "" : amount(n)}</td>`;
      })}</tr>`,
  )}</tbody></table></div>`;
}

function heat(rows: readonly Float64Array[]): Html {
  const size = 420;
  const cell = size / rows.length;
  const edges = rows.map((_, i) => round((i + 1) * cell));
  return html`<svg viewBox="0 0 ${size} ${size}" width="${size}" height="${size}" role="img" class="plot" aria-label="Confusion matrix of ${rows.length} classes, rows true, columns predicted; the commonest mistakes are listed below.">
    <rect class="bed" width="${size}" height="${size}"/>${heatMap(rows, 1, "c", { x: 0, y: 0, rowHeight: cell, gap: 0, edges })}</svg>`;
}

function mistakes(counts: readonly (readonly number[])[], name: (i: number) => string): Html {
  const all = counts.flatMap((row, i) => {
    const total = row.reduce((a, b) => a + b, 0);
    return row.flatMap((n, j) => (i !== j && n > 0 ? [{ i, j, n, share: n / total }] : []));
  });
  if (all.length === 0) return html`<p class="note">No mistakes.</p>`;
  all.sort((a, b) => b.n - a.n);
  return html`<p class="note">Commonest mistakes</p><ol class="mistakes">${all
    .slice(0, LISTED)
    .map(
      ({ i, j, n, share }) =>
        html`<li><b>${name(i)}</b> taken for <b>${name(j)}</b>: ${amount(n)} <small>${percent(share)} of its examples</small></li>`,
    )}</ol>`;
}
