import { type Canvas, lookOf } from "../../report/charts/canvas.ts";
import { lookKey } from "../../report/charts/key.ts";
import { number, percent } from "../../report/format.ts";
import { type Html, html } from "../../report/html.ts";
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

/** For every method that tried one setting: each set's figure against its value. */
export function sensitivityFigures(canvas: Canvas, { methods }: Comparison): Html | undefined {
  const figures = methods.flatMap((method, index) => {
    const keys = Object.keys(method.tried[0]?.point ?? {});
    const [key] = keys;
    const scored = method.tried.filter((t) => t.validation !== undefined);
    return key !== undefined && keys.length === 1 && scored.length > 1
      ? [figure(canvas, method, index, key)]
      : [];
  });
  if (figures.length === 0) return undefined;
  return html`<p class="keys">${CURVES.map(
    (c) =>
      html`<span class="key"><svg viewBox="0 0 24 12" width="24" height="12" aria-hidden="true"><path d="M0 6h24" stroke="currentColor" stroke-width="2" stroke-dasharray="${c.dash}"/></svg>${c.what}</span>`,
  )}</p><div class="panels small">${figures}</div>`;
}

function figure(canvas: Canvas, method: MethodResult, index: number, key: string): Html {
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
        tickFormat: (y: number) => percent(y, 0),
      },
      marks: [
        Plot.ruleX(chosen, { stroke: colour, strokeOpacity: 0.45, strokeWidth: 6 }),
        ...CURVES.flatMap(({ what, dash, read }) => {
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
              title: (p: { x: unknown; y: number }) => `${key} ${String(p.x)}: ${what} ${percent(p.y)}`,
            }),
          ];
        }),
      ],
    },
    `${method.name} by ${key}: ${tried.map((t) => `${String(place(t))} ${percent(t.validation ?? Number.NaN)}`).join("; ")}.`,
  );
  return html`<figure><figcaption>${lookKey(index, method.name)}</figcaption>${chart}</figure>`;
}
