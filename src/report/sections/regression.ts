import type { Canvas } from "../charts/canvas.ts";
import { predictedTrue } from "../charts/predicted-true.ts";
import { type Html, html } from "../html.ts";
import { type RunView, setsOfSide } from "../run-view.ts";

/** Predicted against true numbers, set by set, those in distribution open. Undefined where no run recorded any. */
export function regressionSection(canvas: Canvas, views: readonly RunView[]): Html | undefined {
  const sides = (["id", "ood"] as const).flatMap((side) =>
    [...new Set(views.flatMap((v) => setsOfSide(v, side).map((s) => s.set)))].map((set) => ({ set, side })),
  );
  const folds = sides.flatMap(({ set, side }): Html[] => {
    const figures = views.flatMap((view) =>
      (view.sets.find((s) => s.set === set)?.last?.pairs ?? []).map((pairs) =>
        predictedTrue(canvas, view, set, pairs),
      ),
    );
    if (figures.length === 0) return [];
    return [
      html`<details ${side === "id" ? html`open` : null}><summary>${set}</summary><div class="panels even">${figures}</div></details>`,
    ];
  });
  return folds.length > 0 ? html`${folds}` : undefined;
}
