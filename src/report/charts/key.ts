import { type Html, html } from "../html.ts";
import type { RunView } from "../run-view.ts";
import { lookOf, shapeOf } from "./canvas.ts";

/** Markers by place, the shapes of `lookOf`'s symbols in a box of 24 × 12. */
const MARKERS = [
  "M12 2.4a3.6 3.6 0 1 1 0 7.2a3.6 3.6 0 1 1 0-7.2z",
  "M8.8 2.8h6.4v6.4H8.8z",
  "M12 1.8l4.4 7.4H7.6z",
  "M12 1l3.4 5L12 11L8.6 6z",
  "M12 1l1.4 3.4 3.6.3-2.8 2.3.9 3.6L12 8.7l-3.1 1.9.9-3.6L7 4.7l3.6-.3z",
  "M10.6 2h2.8v2.6H16v2.8h-2.6V10h-2.8V7.4H8V4.6h2.6z",
] as const;

/** A run's name with its line and marker, as every chart draws them. */
export function runKey(view: RunView): Html {
  return lookKey(view.index, view.label);
}

/** The line and marker of `lookOf(index)`, and what they stand for. */
export function lookKey(index: number, label: string): Html {
  const { colour, dash } = lookOf(index);
  return html`<span class="key"><svg viewBox="0 0 24 12" width="24" height="12" aria-hidden="true"><path d="M0 6h24" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/><path d="${MARKERS[shapeOf(index)]}" fill="${colour}"/></svg>${label}</span>`;
}

/** The model before training, likewise. */
export function initialKey(): Html {
  return html`<span class="key"><svg viewBox="0 0 24 12" width="24" height="12" aria-hidden="true"><path d="M12 2v8M8.5 4l7 4M8.5 8l7-4" stroke="var(--initial)" stroke-width="1.6"/></svg>initial model</span>`;
}
