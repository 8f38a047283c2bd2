import { type CorruptedSet, corruptedSetsOf } from "../corruptions.ts";
import { type Html, html } from "../html.ts";
import { tickText, valueText } from "../metric-text.ts";
import { type RunView, setsOfSide } from "../run-view.ts";
import { type Canvas, INITIAL_LOOK, type Look, lookOf } from "./canvas.ts";

interface SeverityPoint {
  /** 0 is the test set as it is. */
  readonly severity: number;
  readonly value: number;
}

interface SeverityLine {
  readonly label: string;
  readonly look: Look;
  readonly points: readonly SeverityPoint[];
}

/**
 * The metric by severity: a chart of the mean over all corruptions, where there are several, and one for each of them.
 *
 * @param views runs that are judged by one metric
 */
export function severityCurves(canvas: Canvas, views: readonly RunView[], showInitial: boolean): Html {
  const names = [...new Set(views.flatMap((v) => corruptedSetsOf(v).map((c) => c.corruption)))];
  const panels = names.map((name) => ({
    title: name.replaceAll("-", " "),
    lines: linesOf(views, showInitial, [name]),
  }));
  const mean = { title: `Mean of ${names.length} corruptions`, lines: linesOf(views, showInitial, names) };
  const all = [...(names.length > 1 ? [mean] : []), ...panels];
  return html`<div class="panels even">${all.map((panel) => figure(canvas, views, panel))}</div>`;
}

function figure(
  canvas: Canvas,
  views: readonly RunView[],
  { title, lines }: { readonly title: string; readonly lines: readonly SeverityLine[] },
): Html {
  const { Plot } = canvas;
  const metric = views[0]!.metric; // the caller draws at least one run
  const chart = canvas.draw(
    {
      width: 320,
      height: 220,
      marginLeft: 52,
      marginRight: 12,
      marginTop: 10,
      marginBottom: 34,
      x: {
        domain: [0, 5],
        label: "severity",
        labelArrow: "none",
        ticks: [0, 1, 2, 3, 4, 5],
        tickSize: 0,
        tickFormat: (s: number) => (s === 0 ? "clean" : String(s)),
      },
      y: { label: null, grid: true, tickSize: 0, ticks: 5, nice: true, tickFormat: tickText(metric) },
      marks: lines.flatMap(({ label, look, points }) => [
        Plot.line(points, {
          x: "severity",
          y: "value",
          stroke: look.colour,
          strokeWidth: 1.75,
          strokeDasharray: look.dash,
        }),
        Plot.dot(points, {
          x: "severity",
          y: "value",
          fill: look.colour,
          stroke: look.colour,
          symbol: look.symbol,
          r: 3,
          title: (p: SeverityPoint) => `${label}, severity ${p.severity}: ${valueText(metric, p.value)}`,
        }),
      ]),
    },
    `${metric.label} by severity, ${title}: ${lines.map((l) => `${l.label} from ${valueText(metric, l.points[0]?.value)} to ${valueText(metric, l.points.at(-1)?.value)}`).join("; ")}.`,
  );
  return html`<figure><figcaption>${title}</figcaption>${chart}</figure>`;
}

function linesOf(
  views: readonly RunView[],
  showInitial: boolean,
  corruptions: readonly string[],
): readonly SeverityLine[] {
  const [first] = views;
  const initial = first && {
    label: "initial model",
    look: INITIAL_LOOK,
    points: pointsOf(first, "initial", corruptions),
  };
  return [
    ...(showInitial && initial ? [initial] : []),
    ...views.map((v) => ({
      label: v.label,
      look: lookOf(v.index),
      points: pointsOf(v, "last", corruptions),
    })),
  ].filter((line) => line.points.length > 0);
}

/** Means over corruptions at every severity that all of them were judged at. */
function pointsOf(
  view: RunView,
  which: "initial" | "last",
  corruptions: readonly string[],
): readonly SeverityPoint[] {
  const read = (set: CorruptedSet["set"] | undefined) => set?.[which]?.metrics[view.metric.name];
  const sets = corruptedSetsOf(view).filter((c) => corruptions.includes(c.corruption));
  const severities = [...new Set(sets.map((c) => c.severity))].sort((a, b) => a - b);
  const means = severities.flatMap((severity): SeverityPoint[] => {
    const values = sets.filter((c) => c.severity === severity).flatMap((c) => read(c.set) ?? []);
    const isWhole = values.length === corruptions.length;
    return isWhole ? [{ severity, value: values.reduce((a, b) => a + b, 0) / values.length }] : [];
  });
  const clean = read(setsOfSide(view, "id")[0]);
  return means.length > 0 && clean !== undefined ? [{ severity: 0, value: clean }, ...means] : means;
}
