import { runKey } from "../charts/key.ts";
import {
  finalDeviation,
  type LayeredRun,
  layerLegend,
  layerScales,
  layersChart,
} from "../charts/layers-chart.ts";
import { integer, number, percent } from "../format.ts";
import { type Html, html } from "../html.ts";
import { type LayerGrid, layerGrid } from "../layer-grid.ts";
import type { RunView } from "../run-view.ts";
import { neverFired, ruleNames, type Verdict } from "../verdict.ts";

/** More columns than this are finer than the picture's pixels, and make the page large. */
const INTERVALS = 100;

/** Runs whose charts are in sight: the two that the verdict compares. */
const IN_SIGHT = 2;

/** The layers of a run, arranged for charts and for the page's data; undefined where none were recorded. */
export function layeredRun(view: RunView): LayeredRun | undefined {
  return view.run.layers.length > 0 ? { view, grid: layerGrid(view.run.layers, INTERVALS) } : undefined;
}

/** Heat maps and deviation bars per run, the anchored one first, with a table of every tensor. */
export function layersSection(runs: readonly LayeredRun[], verdict: Verdict): Html {
  if (runs.length === 0) return html`<p class="empty">No layers were recorded.</p>`;
  const scales = layerScales(runs);
  const rank = ({ view }: LayeredRun) => (view === verdict.main ? 0 : view === verdict.plain ? 1 : 2);
  const ordered = [...runs].sort((a, b) => rank(a) - rank(b));
  const rivalOf = (run: LayeredRun) =>
    runs.find(
      (other) => other !== run && other.view === (run.view === verdict.main ? verdict.plain : verdict.main),
    );
  const figureOf = (run: LayeredRun) => {
    const rival = rivalOf(run);
    return html`<figure class="wide"><figcaption>${runKey(run.view)} ${remark(run)}</figcaption>
      ${layersChart(run, scales, rival)}
      <output class="readout" data-run="${run.view.index}">Bars: at the last recorded step.${rival && html` The tick across a bar is the same tensor under ${rival.view.label}.`}</output>
      <details><summary>All ${run.grid.tensors.length} tensors as a table</summary>${table(run.grid)}</details></figure>`;
  };
  const folded = ordered.slice(IN_SIGHT);
  return html`${layerLegend(scales)}${ordered.slice(0, IN_SIGHT).map(figureOf)}${
    folded.length > 0 &&
    html`<details class="more"><summary>The other ${folded.length} runs</summary>${folded.map(figureOf)}</details>`
  }`;
}

function remark({ view, grid }: LayeredRun): string {
  const count = `${grid.tensors.length} parameter tensors, input at the top`;
  if (!view.anchored) return `· ${count}`;
  return neverFired(view) ? `· ${count} · ${ruleNames(view)[1]} never fired` : `· ${count}`;
}

function table(grid: LayerGrid): Html {
  return html`<div class="scroll tall"><table class="tensors"><thead><tr><th scope="col">Tensor</th><th scope="col">Role</th><th scope="col">Elements</th>
    <th scope="col">Condition held</th><th scope="col">Fired</th><th scope="col">Mean ratio</th><th scope="col">Deviation</th><th scope="col">of its norm</th></tr></thead>
    <tbody>${grid.tensors.map((t, i) => {
      const norm = grid.values.norm[i]!.at(-1) ?? Number.NaN;
      const deviation = finalDeviation(grid, i);
      return html`<tr><th scope="row">${t.name}</th><td>${t.role}</td><td>${integer(t.elements)}</td>
        <td>${percent(mean(grid.values.condition[i]!))}</td><td>${t.anchored ? percent(mean(grid.values.fired[i]!)) : "no anchor"}</td>
        <td>${number(mean(grid.values.ratio[i]!))}</td><td>${number(deviation)}</td><td>${norm > 0 ? percent(deviation / norm) : "–"}</td></tr>`;
    })}</tbody></table></div>`;
}

function mean(values: Float64Array): number {
  const known = values.filter((v) => !Number.isNaN(v));
  return known.reduce((a, b) => a + b, 0) / known.length;
}
