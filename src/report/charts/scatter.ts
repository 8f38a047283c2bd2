import { type Estimate, logit } from "../../evaluation/intervals.ts";
import type { SetSummary } from "../../run/records.ts";
import { percent, percentRange } from "../format.ts";
import { type Html, html } from "../html.ts";
import { oneMetric, type RunView, scoreOf, setsOfSide } from "../run-view.ts";
import { type Canvas, INITIAL_LOOK, type Look, lookOf } from "./canvas.ts";
import { domainOf, logitAxis } from "./logit-axis.ts";

interface Point {
  readonly label: string;
  readonly look: Look;
  readonly id: Estimate;
  readonly ood: Estimate;
}

/**
 * In distribution against shifted data on logit axes, where models of one kind tend to lie on a line.
 * Undefined where no run has both, or the metric is no share of right answers.
 */
export function idOodScatter(
  canvas: Canvas,
  views: readonly RunView[],
  showInitial: boolean,
): Html | undefined {
  const points = views.flatMap((v) => point(v, "last", v.label, lookOf(v.index)));
  if (showInitial && views[0]) points.unshift(...point(views[0], "initial", "initial model", INITIAL_LOOK));
  if (points.length === 0 || !oneMetric(views)?.isShare) return undefined;
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
  const chart = canvas.draw(
    {
      width: 460,
      height: 380,
      marginLeft: 58,
      marginBottom: 42,
      marginRight: 22,
      x: logitAxis(xs, "in distribution", at),
      y: logitAxis(ys, "shifted data (mean over sets)", at),
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
export function interpolationLine(view: RunView): Line[] {
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

function diagonal(xs: readonly [number, number], ys: readonly [number, number]): [number, number][] {
  const [low, high] = [Math.max(xs[0], ys[0]), Math.min(xs[1], ys[1])];
  return low < high
    ? [
        [low, low],
        [high, high],
      ]
    : [];
}
