import type { MetricFacts } from "../../evaluation/metric-facts.ts";
import { type Canvas, lookOf } from "../../report/charts/canvas.ts";
import { lookKey } from "../../report/charts/key.ts";
import { number } from "../../report/format.ts";
import { type Html, html } from "../../report/html.ts";
import { tickText, valueText } from "../../report/metric-text.ts";
import type { Comparison, MethodResult, Tried } from "../results.ts";

interface Curve {
  readonly what: string;
  readonly dash: string;
  readonly read: (t: Tried) => number | undefined;
}

const CURVES: readonly Curve[] = [
  { what: "validation", dash: "none", read: (t) => t.validation },
  { what: "test", dash: "6 3", read: (t) => t.id },
  { what: "shifted, mean", dash: "2 3", read: (t) => t.ood },
];

/**
 * For every method that tried one setting: each set's figure against its value. Where validation chose by another metric
 * than the sets are judged by, its curve stands alone: one axis has one unit.
 */
export function sensitivityFigures(canvas: Canvas, comparison: Comparison): Html | undefined {
  const { methods, metric, chosenBy } = comparison;
  const curves = CURVES.filter((c) => c.what === "validation" || metric.name === chosenBy.name);
  const figures = methods.flatMap((method, index) => {
    const keys = Object.keys(method.tried[0]?.point ?? {});
    const [key] = keys;
    const scored = method.tried.filter((t) => t.validation !== undefined);
    return key !== undefined && keys.length === 1 && scored.length > 1
      ? [figure(canvas, { method, index, key, curves, metric: chosenBy })]
      : [];
  });
  if (figures.length === 0) return undefined;
  return html`<p class="keys">${curves.map(
    (c) =>
      html`<span class="key"><svg viewBox="0 0 24 12" width="24" height="12" aria-hidden="true"><path d="M0 6h24" stroke="currentColor" stroke-width="2" stroke-dasharray="${c.dash}"/></svg>${c.what}</span>`,
  )} <span>${chosenBy.label}${!chosenBy.higherIsBetter && ", lower is better"}</span></p><div class="panels small">${figures}</div>`;
}

function figure(
  canvas: Canvas,
  what: {
    readonly method: MethodResult;
    readonly index: number;
    readonly key: string;
    readonly curves: readonly Curve[];
    readonly metric: MetricFacts;
  },
): Html {
  const { method, index, key, curves, metric } = what;
  const { Plot } = canvas;
  const place = (t: Tried) => t.point[key]!;
  const tried = [...method.tried].sort((a, b) => Number(place(a)) - Number(place(b)));
  const chosen = tried.filter((t) => t.isChosen).map(place);
  const { colour, symbol } = lookOf(index);
  const chart = canvas.draw(
    {
      width: 320,
      height: 200,
      marginLeft: 50,
      marginRight: 14,
      marginTop: 10,
      marginBottom: 36,
      x: {
        type: "point",
        domain: tried.map(place),
        label: key,
        labelArrow: "none",
        labelAnchor: "center",
        tickSize: 0,
        tickFormat: (v: unknown) =>
          typeof v === "number"
            ? number(v).replace(/\.?0+$/, (zeros) => (zeros.includes(".") ? "" : zeros))
            : String(v),
      },
      y: {
        label: null,
        grid: true,
        tickSize: 0,
        ticks: 4,
        nice: true,
        tickFormat: tickText(metric),
      },
      marks: [
        Plot.ruleX(chosen, { stroke: colour, strokeOpacity: 0.45, strokeWidth: 6 }),
        ...curves.flatMap(({ what, dash, read }) => {
          const known = tried.flatMap((t) => {
            const y = read(t);
            return y === undefined ? [] : [{ x: place(t), y }];
          });
          return [
            Plot.line(known, { x: "x", y: "y", stroke: colour, strokeWidth: 1.75, strokeDasharray: dash }),
            Plot.dot(known, {
              x: "x",
              y: "y",
              fill: colour,
              symbol,
              r: 3,
              title: (p: { x: unknown; y: number }) =>
                `${key} ${String(p.x)}: ${what} ${valueText(metric, p.y)}`,
            }),
          ];
        }),
      ],
    },
    `${method.name} by ${key}: ${tried.map((t) => `${String(place(t))} ${valueText(metric, t.validation)}`).join("; ")}.`,
  );
  return html`<figure><figcaption>${lookKey(index, method.name)}</figcaption>${chart}</figure>`;
}
