import { type Html, html } from "../html.ts";

/** Steps of a heat map's colour scale; the page's style has a class for each. */
export const LEVELS = 8;

/** A colour family: `f` where the anchor fired, `g` where the gradient pointed back, `m` how far a tensor moved, `c` counts. */
export type Heat = "f" | "g" | "m" | "c";

export interface HeatBox {
  readonly x: number;
  readonly y: number;
  readonly rowHeight: number;
  /** Space between rows, taken from their height. */
  readonly gap: number;
  /** Right edge of each column, from x. */
  readonly edges: readonly number[];
}

/** The colour step of a value: 0 for exactly 0 or less, 1 … LEVELS up to `top` and above, −1 for NaN. */
export function levelOf(value: number, top: number): number {
  if (Number.isNaN(value)) return -1;
  if (value <= 0 || top <= 0) return 0;
  return Math.min(LEVELS, Math.max(1, Math.ceil((value / top) * LEVELS)));
}

/**
 * A table of values as one SVG path per colour step: neighbours of one colour become one stroke, so that hundreds of
 * tensors over a hundred intervals stay small.
 */
export function heatMap(rows: readonly Float64Array[], top: number, heat: Heat, box: HeatBox): Html {
  const paths = Array.from({ length: LEVELS + 1 }, () => "");
  for (const [i, row] of rows.entries()) {
    const y = round(box.y + (i + 0.5) * box.rowHeight);
    for (let j = 0; j < row.length; ) {
      const level = levelOf(row[j]!, top);
      let end = j + 1;
      while (end < row.length && levelOf(row[end]!, top) === level) end++;
      const [left, right] = [j === 0 ? 0 : box.edges[j - 1]!, box.edges[end - 1]!];
      if (level >= 0) paths[level] += `M${round(box.x + left)} ${y}H${round(box.x + right)}`;
      j = end;
    }
  }
  const width = round(box.rowHeight - box.gap);
  return html`<g stroke-width="${width}" fill="none">${paths.map((d, level) => d !== "" && html`<path class="${heat}${level}" d="${d}"/>`)}</g>`;
}

/** The value at the top of a scale: the given quantile of all values, so that one stray tensor does not pale the rest. */
export function scaleTop(tables: readonly (readonly Float64Array[])[], quantile: number): number {
  const values = tables.flatMap((rows) => rows.flatMap((row) => Array.from(row))).filter((v) => v > 0);
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(quantile * values.length))] ?? 0;
}

/** Keeps path data short: a tenth of a pixel is enough. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
