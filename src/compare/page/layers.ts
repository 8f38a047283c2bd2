import { type Heat, heatMap, LEVELS, round, scaleTop } from "../../report/charts/heat.ts";
import { middle, number, percent } from "../../report/format.ts";
import { type Html, html } from "../../report/html.ts";
import { type LayerGrid, layerGrid, relativeDeviation } from "../../report/layer-grid.ts";
import type { Comparison, MethodResult } from "../results.ts";

/** One figure per tensor and method. */
interface Matrix {
  readonly title: string;
  readonly heat: Heat;
  readonly methods: readonly string[];
  /** [tensor][method], NaN where the method does not train the tensor. */
  readonly rows: readonly Float64Array[];
  readonly top: number;
  readonly scale: string;
}

const LABELS = 210;
const COLUMN = 42;
const GAP = 26;
/** Room for a title above few columns. */
const LEAST_WIDTH = 190;
const TOP = 84;

/** Per tensor and method: how far it moved, and how often its anchor fired. Undefined where no layers were recorded. */
export function layersByMethod({ methods }: Comparison): Html | undefined {
  // What adapters train starts at zero, and has no counterpart in other methods.
  const aside = methods.filter((m) => m.hasAdapters).map((m) => m.name);
  const grids = methods
    .filter((m) => !m.hasAdapters && m.runs.some((r) => r.view.run.layers.length > 0))
    .map((m) => ({ method: m, grids: gridsOf(m) }));
  const tensors = tensorNames(grids.flatMap((g) => g.grids));
  if (tensors.length === 0) return undefined;
  const matrix = (
    chosen: typeof grids,
    read: (grid: LayerGrid, tensor: number) => number,
  ): { methods: string[]; rows: Float64Array[] } => ({
    methods: chosen.map((g) => g.method.name),
    rows: tensors.map((name) => Float64Array.from(chosen, (g) => meanOver(g.grids, name, read))),
  });
  const moved = matrix(grids, (grid, i) => relativeDeviation(grid)[i]!.at(-1) ?? Number.NaN);
  const anchored = grids.filter((g) => g.method.firingRate !== undefined);
  const fired = matrix(anchored, (grid, i) => (grid.tensors[i]!.anchored ? firingOf(grid, i) : Number.NaN));
  const movedTop = scaleTop([moved.rows], 0.97);
  const firedTop = scaleTop([fired.rows], 1);
  const matrices: Matrix[] = [
    {
      ...moved,
      title: "How far it moved, ‖θ − θ₀‖ / ‖θ‖",
      heat: "m",
      top: movedTop,
      scale: `${number(movedTop)} or more`,
    },
    ...(anchored.length > 0
      ? [
          {
            ...fired,
            title: "How often its anchor fired",
            heat: "f" as const,
            top: firedTop,
            scale: `${percent(firedTop, 0)} of the steps`,
          },
        ]
      : []),
  ];
  return html`<ul class="legend">${matrices.map((m) => html`<li>${m.title}: 0 ${ramp(m.heat)} ${m.scale}</li>`)}</ul>
    ${picture(tensors, matrices)}
    ${aside.length > 0 && html`<p class="note">Left out, as they train tensors of their own: ${aside.join(", ")}.</p>`}
    <details><summary>All ${tensors.length} tensors as a table</summary>${table(tensors, matrices)}</details>`;
}

function gridsOf({ runs }: MethodResult): LayerGrid[] {
  return runs.filter((r) => r.view.run.layers.length > 0).map((r) => layerGrid(r.view.run.layers, 40));
}

/** Names of all tensors by depth. */
function tensorNames(grids: readonly LayerGrid[]): string[] {
  const depths = new Map<string, number>();
  for (const grid of grids)
    for (const t of grid.tensors) if (!depths.has(t.name)) depths.set(t.name, t.depth);
  return [...depths].sort((a, b) => a[1] - b[1]).map(([name]) => name);
}

function meanOver(
  grids: readonly LayerGrid[],
  name: string,
  read: (grid: LayerGrid, tensor: number) => number,
): number {
  const values = grids.flatMap((grid) => {
    const i = grid.tensors.findIndex((t) => t.name === name);
    return i < 0 ? [] : [read(grid, i)];
  });
  return values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0) / values.length;
}

/** Share of all steps in which a tensor's anchor fired: the mean over intervals, each as long as it is. */
function firingOf(grid: LayerGrid, tensor: number): number {
  let sum = 0;
  grid.ends.forEach((end, j) => {
    sum += (end - (grid.ends[j - 1] ?? 0)) * grid.values.fired[tensor]![j]!;
  });
  return sum / grid.ends.at(-1)!; // a grid has an interval at least
}

function ramp(heat: Heat): Html {
  return html`<svg class="ramp" viewBox="0 0 ${(LEVELS + 1) * 14} 12" width="${(LEVELS + 1) * 14}" height="12" aria-hidden="true">${Array.from(
    { length: LEVELS + 1 },
    (_, i) => html`<path class="${heat}${i}" d="M${i * 14} 6h13" stroke-width="12"/>`,
  )}</svg>`;
}

function picture(tensors: readonly string[], matrices: readonly Matrix[]): Html {
  const rowHeight = tensors.length <= 24 ? 18 : tensors.length <= 64 ? 12 : 6;
  const widths = matrices.map((m) => m.methods.length * COLUMN);
  const room = (w: number) => Math.max(w, LEAST_WIDTH);
  const lefts = widths.map((_, i) => LABELS + widths.slice(0, i).reduce((a, b) => a + room(b) + GAP, 0));
  const width = lefts.at(-1)! + room(widths.at(-1)!) + 40; // there is a matrix at least; names lean out on the right
  const height = TOP + tensors.length * rowHeight + 8;
  return html`<div class="scroll"><svg class="columns" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"
    aria-label="Tensors by method: ${matrices.map((m) => m.title).join("; ")}. The table below has every number.">
    ${labels(tensors, rowHeight)}
    ${matrices.map((m, i) => {
      const x = lefts[i]!;
      const edges = m.methods.map((_, j) => (j + 1) * COLUMN);
      return html`<text class="head" x="${x}" y="12">${m.title}</text>${m.methods.map(
        (name, j) =>
          html`<text transform="translate(${x + (j + 0.5) * COLUMN} ${TOP - 6}) rotate(-38)">${middle(name, 14)}</text>`,
      )}<rect class="bed" x="${x}" y="${TOP}" width="${widths[i]!}" height="${tensors.length * rowHeight}"/>
      ${heatMap(m.rows, m.top, m.heat, { x, y: TOP, rowHeight, gap: rowHeight > 8 ? 1 : 0, edges })}
      ${edges.slice(0, -1).map((edge) => html`<path class="rift" d="M${x + edge} ${TOP}v${tensors.length * rowHeight}"/>`)}`;
    })}</svg></div>`;
}

function labels(tensors: readonly string[], rowHeight: number): Html[] {
  const every = Math.max(1, Math.ceil(12 / rowHeight));
  return tensors.flatMap((name, i) =>
    i % every === 0
      ? [
          html`<text class="row" x="${LABELS - 8}" y="${round(TOP + (i + 0.5) * rowHeight + 3.6)}" text-anchor="end"><title>${name}</title>${middle(name, 30)}</text>`,
        ]
      : [],
  );
}

function table(tensors: readonly string[], matrices: readonly Matrix[]): Html {
  return html`<div class="scroll tall"><table class="tensors"><thead><tr><th scope="col">Tensor</th>${matrices.map(
    (m) =>
      m.methods.map(
        (name) => html`<th scope="col">${name}<small>${m.heat === "f" ? "fired" : "moved"}</small></th>`,
      ),
  )}</tr></thead>
    <tbody>${tensors.map(
      (name, i) =>
        html`<tr><th scope="row">${name}</th>${matrices.map((m) =>
          Array.from(
            m.rows[i]!,
            (v) => html`<td>${Number.isNaN(v) ? "–" : m.heat === "f" ? percent(v) : number(v)}</td>`,
          ),
        )}</tr>`,
    )}</tbody></table></div>`;
}
