import type { PairsRecord } from "../../run/records.ts";
import { axisNumber, integer, number } from "../format.ts";
import { type Html, html } from "../html.ts";
import type { RunView } from "../run-view.ts";
import { type Canvas, lookOf } from "./canvas.ts";
import { runKey } from "./key.ts";

/** Predicted against true numbers of one run and one set: on the dashed line the prediction is right. */
export function predictedTrue(canvas: Canvas, view: RunView, set: string, pairs: PairsRecord): Html {
  const { Plot } = canvas;
  const points = pairs.points.filter((p) => p.every(Number.isFinite));
  const values = points.flat();
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = (high - low) * 0.05 || 1;
  const domain = [low - margin, high + margin];
  const axis = {
    domain,
    ticks: 5,
    tickSize: 0,
    tickFormat: axisNumber,
    grid: true,
    labelArrow: "none" as const,
  };
  const { colour, symbol } = lookOf(view.index);
  const chart = canvas.draw(
    {
      width: 320,
      height: 300,
      marginLeft: 52,
      marginBottom: 38,
      marginRight: 14,
      marginTop: 20,
      x: { ...axis, label: "true", labelAnchor: "center" },
      y: { ...axis, label: "predicted" },
      marks: [
        Plot.line(
          domain.map((v) => [v, v]),
          { strokeOpacity: 0.4, strokeDasharray: "3 4" },
        ),
        Plot.dot(points, {
          x: (p: readonly number[]) => p[0],
          y: (p: readonly number[]) => p[1],
          r: 2.6,
          symbol,
          fill: colour,
          fillOpacity: points.length > 100 ? 0.5 : 0.8,
          title: (p: readonly number[]) =>
            `true ${number(p[0] ?? Number.NaN)}, predicted ${number(p[1] ?? Number.NaN)}`,
        }),
      ],
    },
    `Predicted against true numbers of ${integer(points.length)} examples of ${set} by ${view.label}.`,
  );
  return html`<figure><figcaption>${pairs.name !== "" && `${pairs.name} · `}${runKey(view)}</figcaption>${chart}</figure>`;
}
