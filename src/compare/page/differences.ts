import { type Estimate, signOf } from "../../evaluation/intervals.ts";
import type { MetricFacts } from "../../evaluation/metric-facts.ts";
import { type Canvas, lookOf } from "../../report/charts/canvas.ts";
import { type Html, html } from "../../report/html.ts";
import { differenceText } from "../../report/metric-text.ts";
import { differenceUnit, rangeText } from "../metric-words.ts";
import type { Comparison } from "../results.ts";

interface Bar extends Estimate {
  readonly name: string;
  readonly index: number;
}

/** Each method minus the baseline with its interval, on shifted data and in distribution. */
export function differencesFigure(
  canvas: Canvas,
  { methods, baseline, metric }: Comparison,
): Html | undefined {
  const barsOf = (side: "id" | "ood"): Bar[] =>
    methods.flatMap(({ name, against }, index) => {
      const difference = against?.[side];
      return difference ? [{ name, index, ...difference }] : [];
    });
  const panels = [
    { title: "On shifted data (mean over sets)", bars: barsOf("ood") },
    { title: "In distribution", bars: barsOf("id") },
  ].filter((p) => p.bars.length > 0);
  if (panels.length === 0) return undefined;
  return html`<div class="panels">${panels.map(({ title, bars }) => panel(canvas, metric, title, bars, baseline))}</div>`;
}

function panel(
  canvas: Canvas,
  metric: MetricFacts,
  title: string,
  bars: readonly Bar[],
  baseline: string,
): Html {
  const { Plot } = canvas;
  const unit = differenceUnit(metric);
  const show = (difference: number) => differenceText(metric, difference);
  const better = metric.higherIsBetter ? "" : "; left of 0 is better";
  const tip = (b: Bar) => `${b.name} − ${baseline}: ${show(b.value)} (${rangeText(metric, b)}) ${unit}`;
  const chart = canvas.draw(
    {
      width: 460,
      height: 48 + bars.length * 26,
      marginLeft: 112,
      marginRight: 20,
      marginTop: 6,
      marginBottom: 36,
      x: {
        label: `${unit} more than ${baseline}${better}`,
        labelArrow: "none",
        labelAnchor: "center",
        tickSize: 0,
        ticks: 5,
        tickFormat: (x: number) =>
          show(x)
            .replace(/(\.\d*?)0+$/, "$1")
            .replace(/\.$/, ""),
        nice: true,
      },
      y: { domain: bars.map((b) => b.name), label: null, tickSize: 0 },
      marks: [
        Plot.gridX({ strokeOpacity: 0.12, ticks: 5 }),
        Plot.ruleX([0], { strokeOpacity: 0.6 }),
        ...bars.flatMap((bar) => {
          const { colour, symbol } = lookOf(bar.index);
          const strokeOpacity = signOf(bar) === "same" ? 0.55 : 1;
          return [
            Plot.link([bar], {
              x1: "low",
              x2: "high",
              y1: "name",
              y2: "name",
              stroke: colour,
              strokeWidth: 2.25,
              strokeOpacity,
              title: tip,
            }),
            Plot.dot([bar], {
              x: "value",
              y: "name",
              fill: signOf(bar) === "same" ? "var(--paper)" : colour,
              stroke: colour,
              strokeWidth: 1.75,
              symbol,
              r: 4.5,
              title: tip,
            }),
          ];
        }),
      ],
    },
    `${title}, against ${baseline}: ${bars.map((b) => `${b.name} ${show(b.value)}`).join("; ")}.`,
  );
  return html`<figure><figcaption>${title}</figcaption>${chart}<p class="note">Hollow: the interval holds 0, no difference seen.</p></figure>`;
}
