import { openCanvas } from "../../report/charts/canvas.ts";
import { type Html, html } from "../../report/html.ts";
import { renderPage, type Section } from "../../report/page.ts";
import { VERSION } from "../../version.ts";
import type { Comparison } from "../results.ts";
import type { CompareConfig } from "../schema.ts";
import { tableJson } from "../table.ts";
import { differencesFigure } from "./differences.ts";
import { layersByMethod } from "./layers.ts";
import { methodsTable } from "./methods-table.ts";
import { comparisonScatter } from "./scatter.ts";
import { sensitivityFigures } from "./sensitivity.ts";
import { settingsSection } from "./settings.ts";
import { tuningTable } from "./tuning.ts";
import { comparisonVerdict } from "./verdict.ts";

/** A comparison as one HTML page that needs nothing else. */
export async function renderComparison(comparison: Comparison, compare: CompareConfig): Promise<string> {
  const canvas = await openCanvas();
  const verdict = comparisonVerdict(comparison, compare);
  const differences = differencesFigure(canvas, comparison);
  const scatter = comparisonScatter(canvas, comparison);
  const sensitivity = sensitivityFigures(canvas, comparison);
  const layers = layersByMethod(comparison);
  const { seeds, baseline } = { seeds: compare.seeds.length, baseline: comparison.baseline };
  const sections: readonly (Section | undefined | false)[] = [
    {
      id: "table",
      title: "The table",
      lead: `Means over ${seeds} ${seeds === 1 ? "seed" : "seeds"}; after ± half of the 95 % t interval. Seconds and memory are those of one run, with others beside it.`,
      body: methodsTable(comparison),
    },
    differences && {
      id: "differences",
      title: `Against ${baseline}`,
      lead: pairingLead(comparison),
      body: differences,
    },
    scatter && {
      id: "shift",
      title: "New data and shifted data",
      lead: "Right: better on data like the training data. Up: better on data that has shifted.",
      body: scatter,
    },
    sensitivity && {
      id: "sensitivity",
      title: "How much the setting matters",
      lead: "The trials: one seed, which is not among those reported. Validation alone chose (the upright line); test and shifted sets are drawn to be looked at and chose nothing.",
      body: sensitivity,
    },
    layers && {
      id: "layers",
      title: "Layer by layer",
      lead: "Each row is a parameter tensor, input at the top; each column a method, its mean over seeds.",
      body: layers,
    },
    compare.trials > 0 && {
      id: "tuning",
      title: "How each was tuned",
      lead: `Every method got ${compare.trials} trials on seed ${compare.tuningSeed}, chosen by the validation set, then by its loss. Where the best value lay at the edge of what was tried, up to ${compare.widen} more were added; the count is here.`,
      body: tuningTable(comparison),
    },
    { id: "settings", title: "Settings", lead: "", body: settingsSection(compare) },
    { id: "terms", title: "Terms", lead: "", body: TERMS },
  ];
  return renderPage({
    title: compare.out.slice(compare.out.lastIndexOf("/") + 1),
    subtitle: `${comparison.methods.length} methods × ${seeds} seeds`,
    version: VERSION,
    first: html`<h1>Comparison of ${comparison.methods.length} methods</h1><p class="headline">${verdict.headline}</p>
    <div class="solo"><ul class="statements">${verdict.statements.map(
      ({ tone, text }) =>
        html`<li class="${tone}"><span class="mark">${MARKS[tone]}</span><span>${text}</span></li>`,
    )}</ul></div>`,
    sections: sections.filter((s) => s !== undefined && s !== false),
    remarks: comparison.problems,
    data: { runs: [], ...(JSON.parse(tableJson(comparison)) as object) }, // what tableJson wrote
  });
}

function pairingLead({ methods, metric }: Comparison): string {
  const bars = methods.some((m) => m.against?.pairedBy === "seeds")
    ? "The same seeds in pairs. Bars are 95 % t intervals over the seeds' differences"
    : "The same seeds and the same examples in pairs. Bars are 95 % intervals of a bootstrap over seeds and examples";
  const direction = metric.higherIsBetter ? "" : ` Of ${metric.label} less is better.`;
  return `${bars}: where one holds 0, no difference was seen.${direction}`;
}

const MARKS = { good: "▲", bad: "▼", neutral: "•", caution: "!" } as const;

const TERMS: Html = html`<dl class="glossary">${[
  ["In distribution", "Held-out examples from the source of the training data."],
  [
    "Shifted data, OOD",
    "Other data for the same classes, never trained on. OOD mean: unweighted over the shifted sets.",
  ],
  [
    "95 % interval over seeds",
    "Student's t: were the runs repeated with other seeds, 95 % of such intervals would hold the mean.",
  ],
  [
    "Paired bootstrap",
    "Seeds and examples are drawn anew again and again, the same for both methods; the interval holds the middle 95 % of the differences. Sets that are one test set under several corruptions are drawn together.",
  ],
  [
    "Effective robustness, ρ",
    "Points on shifted data above what a line through ordinary models expects of a model this good in distribution; the line is fitted on logits. Taori et al., NeurIPS 2020.",
  ],
  ["Deviation, ‖θ − θ₀‖", "Euclidean distance of the weights from the pretrained ones, a new head left out."],
  ["Fired", "Share of tensor-steps in which the anchor rule pulled."],
].map(([term, meaning]) => html`<div><dt>${term}</dt><dd>${meaning}</dd></div>`)}</dl>`;
