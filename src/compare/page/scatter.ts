import { logit } from "../../evaluation/intervals.ts";
import type { IdOod } from "../../evaluation/robustness.ts";
import { type Canvas, type Look, lookOf } from "../../report/charts/canvas.ts";
import { lookKey } from "../../report/charts/key.ts";
import { domainOf, logitAxis } from "../../report/charts/logit-axis.ts";
import { interpolationLine } from "../../report/charts/scatter.ts";
import { number, percent } from "../../report/format.ts";
import { type Html, html } from "../../report/html.ts";
import { idOodOf } from "../../report/robustness.ts";
import type { Comparison } from "../results.ts";

interface Cloud {
  readonly name: string;
  readonly look: Look;
  readonly runs: readonly IdOod[];
  readonly mean: { readonly id: number; readonly ood: number };
  readonly walks: readonly (readonly {
    readonly share: number;
    readonly id: number;
    readonly ood: number;
  }[])[];
}

/**
 * Every run in distribution against shifted data on logit axes, the mean of each method, the line that ordinary models
 * follow, and the ways from the pretrained weights where they were walked.
 */
export function comparisonScatter(canvas: Canvas, comparison: Comparison): Html | undefined {
  const clouds = comparison.methods.flatMap((method, index): Cloud[] => {
    const views = method.runs.map((r) => r.view);
    const runs = views.flatMap(idOodOf);
    if (runs.length === 0 || !method.id || !method.ood) return [];
    const walks = views.flatMap(interpolationLine).map((line) => line.points);
    const mean = { id: method.id.value, ood: method.ood.value };
    return [{ name: method.name, look: lookOf(index), runs, mean, walks }];
  });
  if (clouds.length === 0) return undefined;
  const all = clouds.flatMap((c) => [...c.runs, ...c.walks.flat()]);
  const count = Math.max(...clouds.flatMap((c) => c.runs.map((r) => r.idCount)));
  const at = (share: number) => logit(share, count);
  const [xs, ys] = [domain(all.map((p) => p.id)), domain(all.map((p) => p.ood))];
  function domain(shares: readonly number[]) {
    return domainOf(
      shares.map((share) => ({ low: share, high: share })),
      at,
    );
  }
  const { Plot } = canvas;
  const { line } = comparison;
  const expected = line && xs.map((x) => [x, line.intercept + line.slope * x]);
  const chart = canvas.draw(
    {
      width: 620,
      height: 460,
      marginLeft: 58,
      marginBottom: 42,
      marginRight: 24,
      x: logitAxis(xs, "in distribution", at),
      y: logitAxis(ys, "shifted data (mean over sets)", at),
      marks: [
        ...(expected
          ? [Plot.line(expected, { strokeOpacity: 0.6, strokeDasharray: "5 4", clip: true })]
          : []),
        ...clouds.flatMap(({ name, look, runs, mean, walks }) => [
          ...walks.map((walk) =>
            Plot.line(walk, {
              x: (p) => at(p.id),
              y: (p) => at(p.ood),
              stroke: look.colour,
              strokeOpacity: 0.65,
              strokeWidth: 1.4,
            }),
          ),
          Plot.dot(runs, {
            x: (r: IdOod) => at(r.id),
            y: (r: IdOod) => at(r.ood),
            fill: look.colour,
            fillOpacity: 0.45,
            symbol: look.symbol,
            r: 2.6,
            title: (r: IdOod) =>
              `${name}, one run\nin distribution ${percent(r.id)}\nshifted ${percent(r.ood)}`,
          }),
          Plot.dot([mean], {
            x: at(mean.id),
            y: at(mean.ood),
            fill: look.colour,
            stroke: "var(--paper)",
            strokeWidth: 1,
            symbol: look.symbol,
            r: 6.5,
            title: () => `${name}, mean\nin distribution ${percent(mean.id)}\nshifted ${percent(mean.ood)}`,
          }),
        ]),
      ],
    },
    `In distribution against shifted data: ${clouds.map((c) => `${c.name} ${percent(c.mean.id)}, ${percent(c.mean.ood)}`).join("; ")}.`,
  );
  const fitted = line
    ? `Dashed: what ordinary models follow, logit(OOD) = ${number(line.intercept)} + ${number(line.slope)} · logit(ID), fitted on ${line.points} runs and trials of ${comparison.standard.join(", ")}; effective robustness is the height above it. `
    : "";
  const walked = clouds.some((c) => c.walks.length > 0)
    ? "Thin curves run from the pretrained weights to the fine-tuned ones (WiSE-FT). "
    : "";
  return html`<figure class="large"><p class="keys">${clouds.map((c) => lookKey(indexOf(c.name), c.name))}</p>${chart}
    <p class="note">Logit axes. Small: one run each; large: the mean. ${fitted}${walked}</p></figure>`;

  function indexOf(name: string): number {
    return comparison.methods.findIndex((m) => m.name === name);
  }
}
