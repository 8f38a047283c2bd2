import { apart, integer, middle, number, percent } from "../format.ts";
import { type Html, html } from "../html.ts";
import { type LayerGrid, relativeDeviation } from "../layer-grid.ts";
import type { RunView } from "../run-view.ts";
import { type Heat, heatMap, LEVELS, round, scaleTop } from "./heat.ts";

/** A run with its layers arranged. */
export interface LayeredRun {
  readonly view: RunView;
  readonly grid: LayerGrid;
}

/** Scales that all runs of the page share, so that their pictures can be compared. */
export interface LayerScales {
  readonly fired: number;
  readonly condition: number;
  readonly moved: number;
  readonly deviation: number;
}

const WIDTH = 1000;
const LABELS = 215;
const GAP = 22;
const BARS = 170;
const TOP = 30;
const FOOT = 26;
/** A label needs this much height to be read. */
const LABEL_HEIGHT = 12;
/** What fits into the labels' width. */
const LABEL_LETTERS = 32;

export function layerScales(runs: readonly LayeredRun[]): LayerScales {
  return {
    fired: scaleTop(
      runs.filter((r) => r.view.anchored).map((r) => r.grid.values.fired),
      1,
    ),
    condition: scaleTop(
      runs.filter((r) => !r.view.anchored).map((r) => r.grid.values.condition),
      1,
    ),
    moved: scaleTop(
      runs.map((r) => relativeDeviation(r.grid)),
      0.97,
    ),
    deviation: Math.max(
      0,
      ...runs.flatMap(({ grid }) => grid.tensors.map((_, i) => finalDeviation(grid, i))),
    ),
  };
}

/**
 * One row per tensor, input at the top: where the anchor rule fired over training, how far the tensor moved over
 * training, and how far it ended from its anchor, with a tick for the same tensor in the run `against`.
 */
export function layersChart(run: LayeredRun, scales: LayerScales, against: LayeredRun | undefined): Html {
  const { grid, view } = run;
  const n = grid.tensors.length;
  const rowHeight = n <= 24 ? 20 : n <= 64 ? 14 : n <= 128 ? 8 : 4;
  const gap = rowHeight >= 14 ? 1.5 : rowHeight >= 8 ? 0.6 : 0;
  const height = TOP + n * rowHeight + FOOT;
  const heats = panelsOf(run, scales);
  const panel = (WIDTH - LABELS - BARS - GAP * heats.length) / heats.length;
  const edges = grid.ends.map((end) => (end / grid.ends.at(-1)!) * panel); // a chart is drawn for recorded steps only
  const left = (i: number) => LABELS + i * (panel + GAP);
  const barsAt = WIDTH - BARS;
  return html`<div class="scroll"><svg class="layers" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img"
    aria-label="${description(run)}" data-run="${view.index}" data-top="${TOP}" data-row="${rowHeight}"
    data-left="${LABELS}" data-panel="${round(panel)}" data-gap="${GAP}" data-panels="${heats.map((h) => h.key).join(" ")}">
    ${rowLabels(grid, rowHeight)}
    ${heats.map(
      (h, i) => html`<text class="head" x="${round(left(i))}" y="14">${h.title}</text>
      <rect class="bed" x="${round(left(i))}" y="${TOP}" width="${round(panel)}" height="${n * rowHeight}"/>
      ${heatMap(h.rows, scales[h.key], h.heat, { x: left(i), y: TOP, rowHeight, gap, edges })}
      ${h.key === "fired" && unanchoredRows(grid, left(i), panel, rowHeight)}
      <text x="${round(left(i))}" y="${height - 8}">step 1</text>
      <text x="${round(left(i) + panel)}" y="${height - 8}" text-anchor="end">${integer(grid.ends.at(-1)!)}</text>`,
    )}
    <text class="head" x="${barsAt}" y="14">Deviation ‖θ − θ₀‖</text>
    ${bars(run, scales.deviation, against, barsAt, rowHeight)}
    <text x="${barsAt}" y="${height - 8}">0</text>
    <text x="${WIDTH}" y="${height - 8}" text-anchor="end">${number(scales.deviation)}</text>
    <rect class="cursor" width="0" height="${rowHeight}" visibility="hidden"/>
  </svg></div>`;
}

interface HeatPanel {
  readonly key: "fired" | "condition" | "moved";
  readonly title: string;
  readonly heat: Heat;
  readonly rows: readonly Float64Array[];
}

/** A run without an anchor shows where one would have been asked to act, so that all charts have one layout. */
function panelsOf({ grid, view }: LayeredRun, scales: LayerScales): readonly HeatPanel[] {
  const moved: HeatPanel = {
    key: "moved",
    title: "How far it moved",
    heat: "m",
    rows: relativeDeviation(grid),
  };
  if (view.anchored)
    return [{ key: "fired", title: "Where the anchor fired", heat: "f", rows: firedRows(grid) }, moved];
  if (scales.condition === 0) return [moved];
  const title = "Where the gradient pointed back";
  return [{ key: "condition", title, heat: "g", rows: grid.values.condition }, moved];
}

/** What the colours of the layer charts mean. */
export function layerLegend(scales: LayerScales): Html {
  const ramp = (heat: Heat) =>
    html`<svg class="ramp" viewBox="0 0 ${(LEVELS + 1) * 14} 12" width="${(LEVELS + 1) * 14}" height="12" aria-hidden="true">${Array.from(
      { length: LEVELS + 1 },
      (_, i) => html`<path class="${heat}${i}" d="M${i * 14} 6h13" stroke-width="12"/>`,
    )}</svg>`;
  return html`<ul class="legend">
    ${scales.fired > 0 && html`<li>fired in: never ${ramp("f")} ${percent(scales.fired, 0)} of the steps</li>`}
    ${scales.condition > 0 && html`<li>gradient pointed back in: never ${ramp("g")} ${percent(scales.condition, 0)} of the steps</li>`}
    <li>moved, ‖θ − θ₀‖ / ‖θ‖: 0 ${ramp("m")} ${number(scales.moved)} or more</li>
  </ul>`;
}

/** ‖θ − θ₀‖ in the last interval. */
export function finalDeviation(grid: LayerGrid, tensor: number): number {
  const value = grid.values.deviation[tensor]?.at(-1) ?? 0;
  return Number.isFinite(value) ? value : 0;
}

function firedRows(grid: LayerGrid): readonly Float64Array[] {
  return grid.values.fired.map((row, i) =>
    grid.tensors[i]!.anchored ? row : new Float64Array(row.length).fill(Number.NaN),
  );
}

function rowLabels(grid: LayerGrid, rowHeight: number): readonly Html[] {
  const labels: Html[] = [];
  let free = Number.NEGATIVE_INFINITY;
  let depth = -1;
  const whole = grid.tensors.map((t) => t.name);
  const names = whole.some((name) => name.length > LABEL_LETTERS) ? apart(whole) : whole;
  for (const [i, tensor] of grid.tensors.entries()) {
    const y = TOP + (i + 0.5) * rowHeight;
    // Where rows are too thin for a label each, the first tensor of a depth speaks for those below it.
    const speaks = rowHeight >= LABEL_HEIGHT || tensor.depth !== depth;
    if (speaks && y >= free) {
      labels.push(
        html`<text class="row" x="${LABELS - 8}" y="${round(y + 3.6)}" text-anchor="end"><title>${tensor.name}</title>${middle(names[i]!, LABEL_LETTERS)}</text>`,
      );
      free = y + LABEL_HEIGHT;
    }
    depth = tensor.depth;
  }
  return labels;
}

function unanchoredRows(grid: LayerGrid, x: number, width: number, rowHeight: number): readonly Html[] {
  return grid.tensors.flatMap((tensor, i) =>
    tensor.anchored
      ? []
      : [
          html`<path class="unanchored" d="M${round(x)} ${round(TOP + (i + 0.5) * rowHeight)}h${round(width)}"><title>${tensor.name} has no anchor</title></path>`,
        ],
  );
}

function bars(
  { grid, view }: LayeredRun,
  top: number,
  against: LayeredRun | undefined,
  x: number,
  rowHeight: number,
): readonly Html[] {
  const rival = new Map(against?.grid.tensors.map((t, i) => [t.name, finalDeviation(against.grid, i)]));
  const length = (value: number) => round(top > 0 ? (value / top) * BARS : 0);
  const thickness = Math.max(1.5, rowHeight * 0.62);
  return grid.tensors.map((tensor, i) => {
    const y = TOP + (i + 0.5) * rowHeight;
    const value = finalDeviation(grid, i);
    const other = rival.get(tensor.name);
    const title = `${tensor.name}: ${number(value)}${other === undefined || !against ? "" : `, ${against.view.label} ${number(other)}`}`;
    return html`<g><title>${title}</title><rect x="${x}" y="${round(y - thickness / 2)}" width="${length(value)}" height="${round(thickness)}" fill="var(--run-${view.index % 6})"/>${
      other !== undefined &&
      against &&
      html`<rect x="${round(x + length(other) - 1)}" y="${round(y - rowHeight / 2 + 0.5)}" width="2" height="${round(Math.max(1, rowHeight - 1))}" fill="var(--run-${against.view.index % 6})"/>`
    }</g>`;
  });
}

function description({ grid, view }: LayeredRun): string {
  const ordered = grid.tensors.map((t, i) => ({ name: t.name, value: finalDeviation(grid, i) }));
  ordered.sort((a, b) => b.value - a.value);
  const far = ordered.slice(0, 3).map((t) => `${t.name} ${number(t.value)}`);
  return `${view.label}: ${grid.tensors.length} parameter tensors from input to output over training. Farthest from the anchor: ${far.join(", ")}. The table below has every number.`;
}
