import type * as PlotModule from "@observablehq/plot";
import { escapeHtml, type Html, trusted } from "../html.ts";

export type Plot = typeof PlotModule;

/** Draws charts without a browser: Observable Plot over a small document of its own. */
export interface Canvas {
  readonly Plot: Plot;
  /** The chart as inline SVG; `description` is what a screen reader says instead of it. */
  draw(options: PlotModule.PlotOptions, description: string): Html;
}

/** Loads the charting libraries, which only a report needs. */
export async function openCanvas(): Promise<Canvas> {
  const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  let clips = 0;
  return {
    Plot,
    draw(options, description) {
      const svg = Plot.plot({ document, ...options });
      svg.querySelector("style")?.remove(); // The page's own style serves every chart.
      svg.setAttribute("class", "plot");
      svg.removeAttribute("font-family");
      svg.removeAttribute("font-size");
      // Plot numbers its clip paths over the process; numbered over the page, the same runs give the same bytes.
      for (const clip of svg.querySelectorAll("clipPath")) {
        const [before, after] = [`url(#${clip.id})`, `clip-${++clips}`];
        clip.id = after;
        for (const user of svg.querySelectorAll("[clip-path]")) {
          if (user.getAttribute("clip-path") === before) user.setAttribute("clip-path", `url(#${after})`);
        }
      }
      // linkedom escapes text; of attributes only the quote, so the one that holds data is written here.
      const words = `role="img" aria-label="${escapeHtml(description)}"`;
      return trusted(svg.outerHTML.replace("<svg ", () => `<svg ${words} `));
    },
  };
}

/** How a run is told apart: by colour, by dash and by marker, so that none of the three is needed alone. */
export interface Look {
  readonly colour: string;
  readonly dash: string;
  readonly symbol: PlotModule.SymbolType;
}

const DASHES = ["none", "6 3", "2 3", "9 3 2 3", "4 2", "1 4"] as const;
const SYMBOLS = ["circle", "square", "triangle", "diamond", "star", "cross"] as const;

/**
 * The look of run `index`; colours are the page's `--run-0` … `--run-5`. Beyond six the colours come again with other
 * dashes and markers.
 */
export function lookOf(index: number): Look {
  const shape = shapeOf(index);
  return { colour: colourOf(index), dash: DASHES[shape]!, symbol: SYMBOLS[shape]! };
}

/** Which of the six dashes and markers run `index` has. */
export function shapeOf(index: number): number {
  return (index + Math.floor(index / DASHES.length)) % DASHES.length;
}

function colourOf(index: number): string {
  return `var(--run-${index % DASHES.length})`;
}

/** The look of the model before training. */
export const INITIAL_LOOK: Look = { colour: "var(--initial)", dash: "none", symbol: "asterisk" };
