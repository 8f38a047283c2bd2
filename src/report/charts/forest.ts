import { estimateOf } from "../../evaluation/estimates.ts";
import type { Estimate } from "../../evaluation/intervals.ts";
import type { MetricFacts } from "../../evaluation/metric-facts.ts";
import { type Html, html } from "../html.ts";
import { rangeText, tickText, valueText } from "../metric-text.ts";
import { oneMetric, type RunView, type SetResult, scoreOf, setsOfSide } from "../run-view.ts";
import { type Canvas, INITIAL_LOOK, type Look, lookOf } from "./canvas.ts";

interface Mark extends Estimate {
  readonly set: string;
  readonly model: string;
  readonly look: Look;
  /** A single shift, which gives way to the mean where there are very many. */
  readonly isShift: boolean;
}

/** More rows than this are a table's business. */
const ROWS = 14;

/**
 * Every model's value of a metric between 0 and 1, with its interval where it has one, one row per set: the page's main
 * picture. Undefined where the runs have no such metric in common.
 */
export function forestPlot(
  canvas: Canvas,
  views: readonly RunView[],
  showInitial: boolean,
): Html | undefined {
  const metric = oneMetric(views);
  if (metric?.unit !== "percent") return undefined;
  const all = views.flatMap((view) => marksOf(view));
  if (showInitial && views[0]) all.unshift(...initialMarks(views[0]));
  const sets = new Set(all.map((m) => m.set)).size;
  const marks = all.filter((m) => Number.isFinite(m.value) && (sets <= ROWS || !m.isShift));
  if (marks.length === 0) return undefined;
  const { Plot } = canvas;
  const rows = [...new Set(marks.map((m) => m.set))];
  const models = [...new Set(marks.map((m) => m.model))];
  const place = (m: Mark) =>
    rows.indexOf(m.set) + 0.5 + ((models.indexOf(m.model) - (models.length - 1) / 2) * 0.62) / models.length;
  const low = Math.min(...marks.map((m) => m.low));
  const byLook = models.map((model) => marks.filter((m) => m.model === model));
  const height = 34 + rows.length * Math.max(38, 18 * models.length + 18);
  const chart = canvas.draw(
    {
      width: 460,
      height,
      marginLeft: 138,
      marginRight: 18,
      marginTop: 6,
      marginBottom: 28,
      x: {
        domain: [Math.max(0, Math.floor(low * 20 - 0.2) / 20), 1],
        ticks: 5,
        tickSize: 0,
        label: null,
        tickFormat: tickText(metric),
      },
      y: { domain: [rows.length, 0], axis: null },
      marks: [
        Plot.gridX({ strokeOpacity: 0.12, ticks: 5 }),
        Plot.ruleY(
          rows.slice(1).map((_, i) => i + 1),
          { strokeOpacity: 0.12 },
        ),
        ...[false, true].map((mean) =>
          Plot.text(
            rows.map((set, i) => ({ set, y: i + 0.5 })).filter((row) => (row.set === SHIFTED_MEAN) === mean),
            {
              y: "y",
              text: (d: { set: string }) => short(d.set),
              frameAnchor: "left",
              textAnchor: "end",
              dx: -10,
              fontWeight: mean ? 600 : 400,
              title: "set",
            },
          ),
        ),
        ...byLook.flatMap((group) => {
          const { colour, symbol } = group[0]!.look; // every model has marks
          const title = (m: Mark) =>
            `${m.model}, ${m.set}: ${valueText(metric, m.value)}${m.low < m.high ? ` (${rangeText(metric, m)})` : ""}`;
          return [
            Plot.link(group, {
              x1: "low",
              x2: "high",
              y1: place,
              y2: place,
              stroke: colour,
              strokeWidth: 2,
              title,
            }),
            Plot.dot(group, { x: "value", y: place, fill: colour, stroke: colour, symbol, r: 4.2, title }),
          ];
        }),
      ],
    },
    marks.map((m) => `${m.model}, ${m.set}: ${valueText(metric, m.value)}`).join("; "),
  );
  return html`<figure class="forest"><figcaption>${captionOf(
    metric,
    marks.some((m) => m.low < m.high),
  )}</figcaption>${chart}</figure>`;
}

function captionOf({ name, label }: MetricFacts, hasIntervals: boolean): string {
  const what = name === "accuracy" ? "Right answers" : label;
  return hasIntervals ? `${what}, with 95 % confidence intervals` : what;
}

const SHIFTED_MEAN = "mean of shifts";

function marksOf(view: RunView): Mark[] {
  return marksFor(view, "last", view.label, lookOf(view.index));
}

function initialMarks(view: RunView): Mark[] {
  return marksFor(view, "initial", "initial model", INITIAL_LOOK);
}

function marksFor(view: RunView, which: "initial" | "last", model: string, look: Look): Mark[] {
  const shifts = setsOfSide(view, "ood");
  const marksOfSets = (sets: readonly SetResult[], isShift: boolean) =>
    sets.flatMap((s): Mark[] => {
      const estimate = s[which] && estimateOf(s[which], view.metric);
      return estimate ? [{ set: s.set, model, look, isShift, ...drawn(estimate) }] : [];
    });
  const mean = shifts.length > 1 ? scoreOf(view, "ood", which) : undefined;
  return [
    ...marksOfSets(setsOfSide(view, "id"), false),
    ...marksOfSets(shifts, true),
    ...(mean ? [{ set: SHIFTED_MEAN, model, look, isShift: false, ...drawn(mean) }] : []),
  ];
}

/** A value without an interval is a bar without length. */
function drawn({ value, low, high }: Estimate): Estimate {
  return Number.isNaN(low) ? { value, low: value, high: value } : { value, low, high };
}

function short(text: string): string {
  return text.length > 20 ? `${text.slice(0, 19)}…` : text;
}
