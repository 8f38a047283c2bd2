import { expectedCalibrationError } from "../../evaluation/calibration.ts";
import type { ReliabilityBinRecord } from "../../run/records.ts";
import { amount, percent } from "../format.ts";
import { type Html, html } from "../html.ts";
import type { RunView } from "../run-view.ts";
import { type Canvas, lookOf } from "./canvas.ts";

/** How sure one run was on a set, against how often it was right. */
export interface ReliabilitySeries {
  readonly view: RunView;
  readonly bins: readonly ReliabilityBinRecord[];
}

/** A reliability diagram of one set: dots on the diagonal are honest, below it too sure; larger dots are more examples. */
export function reliabilityDiagram(canvas: Canvas, set: string, series: readonly ReliabilitySeries[]): Html {
  const { Plot } = canvas;
  const most = Math.max(...series.flatMap((s) => s.bins.map((b) => b.count)));
  const ece = (bins: readonly ReliabilityBinRecord[]) => percent(expectedCalibrationError(bins));
  const axis = {
    domain: [0, 1],
    ticks: 5,
    tickSize: 0,
    tickFormat: (v: number) => `${Math.round(v * 100)}\u202f%`,
  };
  const chart = canvas.draw(
    {
      width: 320,
      height: 300,
      marginLeft: 46,
      marginBottom: 38,
      marginRight: 22,
      marginTop: 20,
      x: { ...axis, label: "confidence", labelArrow: "none", labelAnchor: "center", grid: true },
      y: { ...axis, label: "right answers", labelArrow: "none", grid: true },
      r: { type: "sqrt", domain: [0, most], range: [1.5, 8] },
      marks: [
        Plot.line(
          [
            [0, 0],
            [1, 1],
          ],
          { strokeOpacity: 0.4, strokeDasharray: "3 4" },
        ),
        ...series.flatMap(({ view, bins }) => {
          const { colour, dash, symbol } = lookOf(view.index);
          const shown = bins.filter((b) => b.count > 0);
          const title = (b: ReliabilityBinRecord) =>
            `${view.label}: ${amount(b.count)} examples\nconfidence ${percent(b.confidence)}\nright ${percent(b.accuracy)}`;
          return [
            Plot.line(shown, {
              x: "confidence",
              y: "accuracy",
              stroke: colour,
              strokeDasharray: dash,
              strokeOpacity: 0.6,
            }),
            Plot.dot(shown, {
              x: "confidence",
              y: "accuracy",
              r: "count",
              fill: colour,
              fillOpacity: 0.85,
              symbol,
              title,
            }),
          ];
        }),
      ],
    },
    `Confidence against right answers on ${set}: ${series.map((s) => `${s.view.label} has a calibration error of ${ece(s.bins)}`).join("; ")}.`,
  );
  const errors = series.map((s) => (series.length > 1 ? `${s.view.label} ${ece(s.bins)}` : ece(s.bins)));
  return html`<figure><figcaption>${set}</figcaption>${chart}<p class="note">ECE ${errors.join(", ")}</p></figure>`;
}
