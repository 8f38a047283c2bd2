import type { SetSummary } from "../../run/records.ts";
import { percent, percentRange } from "../format.ts";
import { type Html, html } from "../html.ts";
import { type Estimate, logit } from "../intervals.ts";
import { type RunView, scoreOf, setsOfSide } from "../run-view.ts";
import { type Canvas, INITIAL_LOOK, type Look, lookOf } from "./canvas.ts";

interface Point {
  readonly label: string;
  readonly look: Look;
  readonly id: Estimate;
  readonly ood: Estimate;
}

/** Shares that may carry a tick on a logit axis, from sparse to dense; each end of the scale has its own decades. */
const TICKS: readonly (readonly number[])[] = [
  [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999],
  mirrored([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5]),
  mirrored([...steps(0.001, 0.01, 9), ...steps(0.01, 0.1, 9), ...steps(0.1, 0.5, 8)]),
  mirrored([...steps(0.001, 0.01, 18), ...steps(0.01, 0.1, 18), ...steps(0.1, 0.5, 40)]),
];

/**
 * In distribution against shifted data on logit axes, where models of one kind tend to lie on a line.
 * Undefined where no run has both, or the metric is no share.
 */
export function idOodScatter(
  canvas: Canvas,
  views: readonly RunView[],
  showInitial: boolean,
): Html | undefined {
  const points = views.flatMap((v) => point(v, "last", v.label, lookOf(v.index)));
  if (showInitial && views[0]) points.unshift(...point(views[0], "initial", "initial model", INITIAL_LOOK));
  if (points.length === 0 || !views.every((v) => v.metric.isShare)) return undefined;
  const { Plot } = canvas;
  const count = Math.max(...views.flatMap((v) => v.sets.map((s) => s.last?.count ?? 1)));
  const at = (share: number) => logit(share, count);
  const lines = views.flatMap(interpolationLine);
  const xs = domainOf(
    [...points.map((p) => p.id), ...lines.flatMap((l) => l.points.map((p) => exactly(p.id)))],
    at,
  );
  const ys = domainOf(
    [...points.map((p) => p.ood), ...lines.flatMap((l) => l.points.map((p) => exactly(p.ood)))],
    at,
  );
  const axis = (domain: readonly [number, number], label: string) => ({
    domain: [...domain],
    label,
    labelArrow: "none" as const,
    labelAnchor: "center" as const,
    tickSize: 0,
    grid: true,
    ticks: ticksIn(domain, at),
    tickFormat: (t: number) => `${Number((100 / (1 + Math.exp(-t))).toFixed(1))}\u202f%`,
  });
  const chart = canvas.draw(
    {
      width: 460,
      height: 380,
      marginLeft: 58,
      marginBottom: 42,
      marginRight: 22,
      x: axis(xs, "in distribution"),
      y: axis(ys, "shifted data (mean over sets)"),
      marks: [
        Plot.line(diagonal(xs, ys), { strokeOpacity: 0.35, strokeDasharray: "3 4" }),
        ...lines.flatMap(({ label, look, points: walked }) => [
          Plot.line(walked, {
            x: (p) => at(p.id),
            y: (p) => at(p.ood),
            stroke: look.colour,
            strokeWidth: 1.5,
            strokeOpacity: 0.7,
          }),
          Plot.dot(walked, {
            x: (p) => at(p.id),
            y: (p) => at(p.ood),
            fill: look.colour,
            r: (p) => (p.isChosen ? 4 : 2),
            title: (p) =>
              `${label}, ${percent(p.share)} of the way from the pretrained weights${p.isChosen ? ", chosen on validation" : ""}\nin distribution ${percent(p.id)}\nshifted ${percent(p.ood)}`,
          }),
        ]),
        ...points.flatMap((p) => {
          const title = () =>
            `${p.label}\nin distribution ${percent(p.id.value)} (${percentRange(p.id)})\nshifted ${percent(p.ood.value)} (${percentRange(p.ood)})`;
          const { colour, symbol } = p.look;
          const [x, y] = [at(p.id.value), at(p.ood.value)];
          const rightHalf = x > (xs[0] + xs[1]) / 2;
          return [
            Plot.link([p], {
              x1: at(p.id.low),
              x2: at(p.id.high),
              y1: y,
              y2: y,
              stroke: colour,
              strokeWidth: 1.75,
            }),
            Plot.link([p], {
              x1: x,
              x2: x,
              y1: at(p.ood.low),
              y2: at(p.ood.high),
              stroke: colour,
              strokeWidth: 1.75,
            }),
            Plot.dot([p], { x, y, fill: colour, stroke: colour, symbol, r: 5, title }),
            Plot.text([p], {
              x,
              y,
              text: "label",
              dx: rightHalf ? -9 : 9,
              dy: -9,
              textAnchor: rightHalf ? "end" : "start",
              fontWeight: 600,
              stroke: "var(--paper)",
              strokeWidth: 4,
              fill: "currentColor",
            }),
          ];
        }),
      ],
    },
    `In distribution against shifted data: ${points.map((p) => `${p.label} ${percent(p.id.value)}, ${percent(p.ood.value)}`).join("; ")}.`,
  );
  return html`<figure><figcaption>In distribution against shifted data</figcaption>${chart}
    <p class="note">Logit axes; bars are 95 % confidence intervals.${diagonal(xs, ys).length > 0 && " On the dashed line nothing is lost to the shift."}${lines.length > 0 && " Thin curves run from the pretrained weights to the fine-tuned ones (WiSE-FT); the larger dot on them is what validation chose."}</p></figure>`;
}

interface WalkedPoint {
  readonly share: number;
  readonly id: number;
  readonly ood: number;
  readonly isChosen: boolean;
}

interface Line {
  readonly label: string;
  readonly look: Look;
  readonly points: readonly WalkedPoint[];
}

/** The way from the pretrained to the fine-tuned weights, where it was walked. */
function interpolationLine(view: RunView): Line[] {
  const record = view.run.interpolation;
  if (record === null) return [];
  const meanOver = (side: "id" | "ood", sets: readonly SetSummary[]) => {
    const names = new Set(setsOfSide(view, side).map((s) => s.set));
    const values = sets.filter((s) => names.has(s.set)).map((s) => s.metrics[view.metric.name] ?? Number.NaN);
    return values.reduce((a, b) => a + b, 0) / values.length;
  };
  const points = record.points
    .map(({ share, sets }) => ({
      share,
      id: meanOver("id", sets),
      ood: meanOver("ood", sets),
      isChosen: share === record.chosen,
    }))
    .filter((p) => Number.isFinite(p.id) && Number.isFinite(p.ood));
  return points.length < 2 ? [] : [{ label: view.label, look: lookOf(view.index), points }];
}

function exactly(value: number): Estimate {
  return { value, low: value, high: value };
}

function point(view: RunView, which: "initial" | "last", label: string, look: Look): Point[] {
  const [id, ood] = [scoreOf(view, "id", which), scoreOf(view, "ood", which)];
  return id && ood && setsOfSide(view, "ood").length > 0 ? [{ label, look, id, ood }] : [];
}

function domainOf(estimates: readonly Estimate[], at: (share: number) => number): readonly [number, number] {
  const low = Math.min(...estimates.map((e) => at(e.low)));
  const high = Math.max(...estimates.map((e) => at(e.high)));
  const margin = Math.max(0.15, (high - low) * 0.12);
  return [low - margin, high + margin];
}

/** The sparsest of the tick sets with at least four inside, without those that would touch their neighbour. */
function ticksIn([low, high]: readonly [number, number], at: (share: number) => number): number[] {
  const inside = TICKS.map((shares) => shares.map(at).filter((t) => t >= low && t <= high));
  const gap = (high - low) / 10;
  const kept: number[] = [];
  for (const tick of inside.find((ticks) => ticks.length >= 4) ?? inside.at(-1) ?? []) {
    if (kept.length === 0 || tick - kept.at(-1)! >= gap) kept.push(tick);
  }
  return kept;
}

function steps(from: number, to: number, count: number): number[] {
  return Array.from({ length: count + 1 }, (_, i) => from + ((to - from) * i) / count);
}

/** Shares up to a half and their complements, ascending, each once. */
function mirrored(shares: readonly number[]): readonly number[] {
  const all = [...shares, ...shares.map((p) => 1 - p)].map((p) => Number(p.toFixed(5)));
  return [...new Set(all)].sort((a, b) => a - b);
}

function diagonal(xs: readonly [number, number], ys: readonly [number, number]): [number, number][] {
  const [low, high] = [Math.max(xs[0], ys[0]), Math.min(xs[1], ys[1])];
  return low < high
    ? [
        [low, low],
        [high, high],
      ]
    : [];
}
