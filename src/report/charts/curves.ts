import type { MetricFacts } from "../../evaluation/metric-facts.ts";
import type { StepRecord } from "../../run/records.ts";
import { axisNumber, number } from "../format.ts";
import { type Html, html } from "../html.ts";
import { rangeText, tickText, valueText } from "../metric-text.ts";
import type { RunView } from "../run-view.ts";
import { type Canvas, lookOf } from "./canvas.ts";
import { type EvaluationCurve, evaluationCurves, type Series } from "./evaluation-curves.ts";
import { runKey } from "./key.ts";
import { type CurvePoint, thin } from "./thin.ts";

const WIDTH = 460;
const HEIGHT = 230;
/** As many points as the drawn line has pixels, roughly. */
const POINTS = 200;

interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
  /** What is drawn, where it is a metric. */
  readonly metric?: MetricFacts;
  /** Whether single points matter: they get a marker and a tooltip. */
  readonly dots: boolean;
}

/** Up to this many shifts have a chart each in sight; more are folded away beneath their mean. */
const SHIFTS_IN_SIGHT = 4;

/** Small charts over training: loss, validation, shifts, learning rate, gradient norm. Empty ones are left out. */
export function learningCurves(canvas: Canvas, views: readonly RunView[]): Html {
  const { validation, shiftMean, shifts } = evaluationCurves(views);
  const panelOf = (curve: EvaluationCurve): Panel => ({ ...curve, dots: true });
  const areFew = shifts.length <= SHIFTS_IN_SIGHT;
  const inSight = [
    stepPanel("Training loss", views, (s) => s.loss),
    ...[...validation, ...shiftMean, ...(areFew ? shifts : [])].map(panelOf),
    stepPanel("Learning rate", views, (s) => s.lr),
    stepPanel("Gradient norm before clipping", views, (s) => s.gradientNorm),
  ].filter(isDrawn);
  const folded = areFew ? [] : shifts.map(panelOf).filter(isDrawn);
  if (inSight.length === 0) return html`<p class="empty">No steps were recorded.</p>`;
  const grid = (panels: readonly Panel[]) =>
    html`<div class="panels">${panels.map((panel) => figure(canvas, panel))}</div>`;
  return html`<p class="keys">${views.map(runKey)}</p>${grid(inSight)}${
    folded.length > 0 &&
    html`<details><summary>All ${folded.length} shifts</summary>${grid(folded)}</details>`
  }`;
}

function isDrawn({ series }: Panel): boolean {
  return series.some((s) => s.points.length > 1);
}

function stepPanel(title: string, views: readonly RunView[], read: (s: StepRecord) => number): Panel {
  const series = views.map((view) => ({
    view,
    points: thin(
      view.run.steps.map((s) => ({ x: s.step, y: read(s) })),
      POINTS,
    ),
  }));
  return { title, series, dots: false };
}

function figure(canvas: Canvas, panel: Panel): Html {
  const { Plot } = canvas;
  const show = showOf(panel);
  const range = panel.dots ? lateRange(panel) : undefined;
  const clip = range !== undefined;
  const isInside = (p: CurvePoint) => !range || (p.y >= range[0] && p.y <= range[1]);
  const marks = panel.series.flatMap(({ view, points }) => {
    const { colour, dash, symbol } = lookOf(view.index);
    const title = (p: CurvePoint) =>
      `${view.label}, step ${p.x}: ${show(p.y)}${panel.metric && p.low < p.high ? ` (${rangeText(panel.metric, p)})` : ""}`;
    const best = view.run.summary.bestStep;
    return [
      Plot.areaY(points, { x: "x", y1: "low", y2: "high", fill: colour, fillOpacity: 0.13, clip }),
      Plot.lineY(points, { x: "x", y: "y", stroke: colour, strokeWidth: 1.75, strokeDasharray: dash, clip }),
      ...(panel.dots
        ? [
            Plot.ruleX(best === undefined ? [] : [best], {
              stroke: colour,
              strokeDasharray: "2 3",
              strokeOpacity: 0.8,
            }),
            Plot.dot(points.filter(isInside), { x: "x", y: "y", fill: colour, symbol, r: 3, title }),
          ]
        : []),
    ];
  });
  const chart = canvas.draw(
    {
      width: WIDTH,
      height: HEIGHT,
      marginLeft: 52,
      marginRight: 12,
      marginTop: 10,
      marginBottom: 34,
      x: { label: "step", tickSize: 0, ticks: 5, labelArrow: "none" },
      y: {
        label: null,
        grid: true,
        tickSize: 0,
        ticks: 5,
        tickFormat: panel.metric ? tickText(panel.metric) : axisNumber,
        nice: true,
        ...(range && { domain: [...range] }),
      },
      marks: [...marks],
    },
    description(panel),
  );
  return html`<figure><figcaption>${panel.title}</figcaption>${chart}</figure>`;
}

/**
 * A range without the climb from the start, where that would flatten the differences that matter: what lies after the
 * first quarter of the way, if it takes less than half of the whole range.
 */
function lateRange({ series }: Panel): readonly [number, number] | undefined {
  const all = series.flatMap((s) => s.points);
  const end = Math.max(...all.map((p) => p.x));
  const late = all.filter((p) => p.x >= end / 4);
  const range = (points: readonly CurvePoint[]) =>
    [Math.min(...points.map((p) => p.low)), Math.max(...points.map((p) => p.high))] as const;
  if (late.length < 2) return undefined;
  const [whole, part] = [range(all), range(late)];
  const isNarrow = part[1] > part[0] && part[1] - part[0] < 0.5 * (whole[1] - whole[0]);
  return isNarrow ? part : undefined;
}

function showOf({ metric }: Panel): (value: number | undefined) => string {
  return (value) => (value === undefined ? "nothing" : metric ? valueText(metric, value) : number(value));
}

function description(panel: Panel): string {
  const { title, series } = panel;
  const show = showOf(panel);
  const parts = series.map(
    ({ view, points }) => `${view.label} from ${show(points[0]?.y)} to ${show(points.at(-1)?.y)}`,
  );
  return `${title} over training steps: ${parts.join("; ")}.`;
}
