import { ConfigError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { dirname } from "../platform/paths.ts";
import { type RunRecord, readRun } from "../run/run-reader.ts";
import { openCanvas } from "./charts/canvas.ts";
import { learningCurves } from "./charts/curves.ts";
import { forestPlot } from "./charts/forest.ts";
import { idOodScatter } from "./charts/scatter.ts";
import { type Html, html } from "./html.ts";
import { renderPage, type Section } from "./page.ts";
import { pageData } from "./page-data.ts";
import { viewsOf } from "./run-view.ts";
import { calibrationSection } from "./sections/calibration.ts";
import { confusionSection } from "./sections/confusion.ts";
import { corruptionsSection } from "./sections/corruptions.ts";
import { glossarySection } from "./sections/glossary.ts";
import { layeredRun, layersSection } from "./sections/layers.ts";
import { networkSection } from "./sections/network.ts";
import { partsSection } from "./sections/parts.ts";
import { regressionSection } from "./sections/regression.ts";
import { resultsSection } from "./sections/results.ts";
import { robustnessTable } from "./sections/robustness.ts";
import { samplesSection } from "./sections/samples.ts";
import {
  configurationSection,
  environmentSection,
  notesSection,
  reproduceSection,
} from "./sections/settings.ts";
import { glanceTable, verdictSection } from "./sections/summary.ts";
import { verdictOf } from "./verdict.ts";

/**
 * One or several runs as one HTML page that needs nothing else: no network, no files beside it. The first anchored
 * run is judged against the first run of its update rule without an anchor.
 *
 * @throws ConfigError if `runs` is empty
 */
export async function renderReport(runs: readonly RunRecord[]): Promise<string> {
  if (runs.length === 0) throw new ConfigError("A report needs at least one run folder; none was given.");
  const canvas = await openCanvas();
  const views = viewsOf(runs);
  const verdict = verdictOf(views);
  const layered = views.map(layeredRun).filter((l) => l !== undefined);
  const headIsNew = runs.every((r) => r.summary.head === "new");
  const scatter = idOodScatter(canvas, views, !headIsNew);
  const forest = forestPlot(canvas, views, !headIsNew);
  const robustness = robustnessTable(views, verdict);
  const calibration = calibrationSection(canvas, views);
  const corruptions = corruptionsSection(canvas, views, verdict, !headIsNew);
  const regression = regressionSection(canvas, views);
  const parts = partsSection(views);
  const network = networkSection(views);
  const isUnjudged = views.every((v) => v.sets.length === 0);
  const hasConfusion = isUnjudged || views.some((v) => v.sets.some((s) => s.last?.confusion));
  const remarks = runs.flatMap((r) => r.remarks.map((remark) => `${r.folder}: ${remark}`));

  const sections: readonly Section[] = [
    {
      id: "results",
      title: "Results",
      lead: "The kept model of each run on every set, with 95 % confidence intervals.",
      body: resultsSection(views, verdict),
    },
    ...optional(scatter, (chart) => ({
      id: "shift",
      title: "New data and shifted data",
      lead: "",
      body: html`<div class="two">${chart}<div>${SCATTER_TEXT}</div></div>${robustness}`,
    })),
    ...optional(corruptions, (body) => ({
      id: "corruptions",
      title: "Corruptions",
      lead: "The test set under corruptions; its labels are those of the clean examples.",
      body,
    })),
    ...optional(calibration, (body) => ({
      id: "calibration",
      title: "How sure, and how often right",
      lead: "On the dashed line a model is right as often as it is sure. Below it the model is too sure of itself. Larger marks stand for more examples.",
      body,
    })),
    ...optional(regression, (body) => ({
      id: "predicted",
      title: "Predicted and true",
      lead: "On the dashed line the prediction is right.",
      body,
    })),
    {
      id: "training",
      title: "Training",
      lead: "Dotted uprights mark the kept step; bands are the range of neighbouring steps, or 95 % confidence intervals.",
      body: learningCurves(canvas, views),
    },
    {
      id: "layers",
      title: "Layer by layer",
      lead: views.some((v) => v.anchored)
        ? "Where in the network the anchor rule fired, and how far each parameter tensor moved from the weights it started with."
        : "How far each parameter tensor moved from the weights it started with.",
      body: layersSection(layered, verdict),
    },
    ...optional(parts, ({ kind, body }) => ({
      id: "parts",
      title: `${kind} by ${kind.toLowerCase()}`,
      lead: "",
      body,
    })),
    ...optional(hasConfusion || undefined, () => ({
      id: "confusion",
      title: "Which classes are mistaken",
      lead: "",
      body: confusionSection(views),
    })),
    {
      id: "examples",
      title: "Examples",
      lead: "What is right in bold, then what each run says, and how sure it is where it tells.",
      body: samplesSection(views),
    },
    ...(runs.some((r) => (r.summary.notes ?? []).length > 0)
      ? [
          {
            id: "notes",
            title: "Notes",
            lead: "What was noticed when the run was set up.",
            body: notesSection(views),
          },
        ]
      : []),
    ...optional(network, (body) => ({ id: "network", title: "Network", lead: "", body })),
    { id: "configuration", title: "Configuration", lead: "", body: configurationSection(views) },
    { id: "environment", title: "Environment", lead: "", body: environmentSection(views) },
    { id: "reproduce", title: "How to reproduce", lead: "", body: reproduceSection(views) },
    { id: "terms", title: "Terms", lead: "", body: glossarySection() },
  ];

  const { summary, environment } = runs[0]!; // not empty, checked above
  return renderPage({
    title: summary.name,
    subtitle: subtitle(runs),
    version: environment.holdfast,
    first: html`<h1>${runs.length === 1 ? summary.name : `${summary.name}: ${runs.length} runs`}</h1>
${verdictSection(verdict, forest)}
<div class="glance-box">${glanceTable(views)}</div>`,
    sections,
    remarks,
    data: pageData(views, layered),
  });
}

/**
 * Reads run folders and writes their page to `outPath`, replacing what is there.
 *
 * @throws DataError if a folder holds no readable run
 */
export async function writeReport(
  files: Files,
  runFolders: readonly string[],
  outPath: string,
): Promise<void> {
  const runs: RunRecord[] = [];
  for (const folder of runFolders) runs.push(await readRun(files, folder));
  const page = await renderReport(runs);
  await files.makeFolder(dirname(outPath));
  await files.write(outPath, page);
}

/** A section that a page has only if there is something to show. */
function optional<T>(what: T | undefined, section: (what: T) => Section): readonly Section[] {
  return what === undefined ? [] : [section(what)];
}

function subtitle(runs: readonly RunRecord[]): string {
  const models = [...new Set(runs.map((r) => r.summary.model))];
  return `${models.join(", ")} · ${runs[0]!.environment.startedAt.slice(0, 10)}`; // not empty, checked by the caller
}

const SCATTER_TEXT: Html = html`<p>Right: better on data like the training data. Up: better on data that has shifted.
  Models trained in ordinary ways tend to lie on one rising line here; a method that keeps what the model knew lifts it above that line.</p>`;
