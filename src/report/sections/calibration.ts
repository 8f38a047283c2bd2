import type { Canvas } from "../charts/canvas.ts";
import { runKey } from "../charts/key.ts";
import { type ReliabilitySeries, reliabilityDiagram } from "../charts/reliability.ts";
import { type Html, html } from "../html.ts";
import { type RunView, setsOfSide } from "../run-view.ts";

/** Diagrams in sight; those of more sets are folded away. */
const IN_SIGHT = 3;

/** Reliability diagrams of the sets that judge, in distribution first. Undefined where no run recorded any. */
export function calibrationSection(canvas: Canvas, views: readonly RunView[]): Html | undefined {
  const sets = [
    ...new Set(views.flatMap((v) => [...setsOfSide(v, "id"), ...setsOfSide(v, "ood")].map((s) => s.set))),
  ];
  const figures = sets.flatMap((set): Html[] => {
    const series = views.flatMap((view): ReliabilitySeries[] => {
      const bins = view.sets.find((s) => s.set === set)?.last?.reliability;
      return bins?.some((b) => b.count > 0) ? [{ view, bins }] : [];
    });
    return series.length > 0 ? [reliabilityDiagram(canvas, set, series)] : [];
  });
  if (figures.length === 0) return undefined;
  const folded = figures.slice(IN_SIGHT);
  return html`${views.length > 1 && html`<p class="keys">${views.map(runKey)}</p>`}<div class="panels even">${figures.slice(0, IN_SIGHT)}</div>${
    folded.length > 0 &&
    html`<details><summary>${folded.length === 1 ? "One more set" : `The other ${folded.length} sets`}</summary><div class="panels even">${folded}</div></details>`
  }`;
}
