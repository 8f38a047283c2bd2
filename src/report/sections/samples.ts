import type { SampleRecord } from "../../run/records.ts";
import { runKey } from "../charts/key.ts";
import { middle, percent } from "../format.ts";
import { type Html, html, trusted } from "../html.ts";
import type { RunView } from "../run-view.ts";

/** Cards per set and outcome: one row of a wide page. */
const SHOWN = 8;
/** What a PNG in base64 may consist of: anything else is not put into a URL. */
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

interface Example {
  readonly sample: SampleRecord;
  readonly predictions: { readonly view: RunView; readonly sample: SampleRecord }[];
}

/** Numbers are never quite right: of them nothing is told. */
type Outcome = "right" | "wrong" | "untold";

/** Examples with every run's prediction, set by set: first those that a run gets wrong, then those all get right. */
export function samplesSection(views: readonly RunView[]): Html {
  const sets = new Map<string, Map<string, Example>>();
  for (const view of views) {
    for (const sample of view.run.samples) {
      const examples = sets.get(sample.set) ?? new Map<string, Example>();
      sets.set(sample.set, examples);
      const example = examples.get(sample.name) ?? { sample, predictions: [] };
      examples.set(sample.name, example);
      example.predictions.push({ view, sample });
    }
  }
  if (sets.size === 0) return html`<p class="empty">No predictions on examples were recorded.</p>`;
  return html`${[...sets].map(([set, examples]) => {
    const all = [...examples.values()];
    const several = views.length > 1;
    const of = (outcome: Outcome) => all.filter((e) => outcomeOf(e) === outcome);
    const isMasked = views.some((v) => v.run.summary.task === "segmentation");
    return html`<section class="sample-set"><h3>${set}</h3>${isMasked && html`<p class="note">Side by side: the image, its true classes, those predicted, and in red where they differ.</p>`}
      ${group(several ? "Wrong in at least one run" : "Wrong", of("wrong"), several)}
      ${group(several ? "Right in every run" : "Right", of("right"), several)}
      ${group("The farthest off, then others", of("untold"), several)}</section>`;
  })}`;
}

function group(title: string, examples: readonly Example[], several: boolean): Html | undefined {
  if (examples.length === 0) return undefined;
  // Words need a line's length, and so do several pictures side by side; one picture does not.
  const isWorded = examples.some(({ sample: { text, png } }) => text !== undefined && !png);
  const kind = isWorded ? "cards worded" : examples.some((e) => isWide(e.sample)) ? "cards wide" : "cards";
  return html`<h4>${title}</h4><ul class="${kind}">${examples.slice(0, SHOWN).map((e) => card(e, several))}</ul>`;
}

function card({ sample, predictions }: Example, several: boolean): Html {
  const classes = predictions[0]!.view.run.summary.classes; // an example is made with its first prediction
  const name = (i: number | undefined) => (i === undefined ? "" : (classes[i] ?? `class ${i}`));
  const expected = sample.expected ?? name(sample.label);
  // What a model wrote is what there is to see: it stands in full.
  const shown = (text: string, size: number) => (sample.answer === undefined ? middle(text, size) : text);
  return html`<li class="card">${picture(sample, expected)}
    <p class="truth" title="${sample.name}">${shown(expected, 22)}</p>
    ${predictions.map(({ view, sample: p }) => {
      const outcome = toldOf(p);
      const answer = p.answer ?? name(p.predicted);
      const confidence = p.predicted === undefined ? undefined : p.probabilities?.[p.predicted];
      const sure = confidence === undefined ? "" : percent(confidence, 0);
      return html`<p class="guess ${outcome}${p.answer === undefined ? "" : " written"}" title="${view.label}: ${answer} ${sure}">
        ${several && html`<span class="who">${runMark(view)}</span>`}${outcome !== "untold" && html`<span class="tick" aria-label="${outcome}">${outcome === "right" ? "✓" : "✗"}</span>`}
        <span class="what">${shown(answer, 16)}</span><span class="sure">${sure}</span></p>`;
    })}</li>`;
}

function outcomeOf({ predictions }: Example): Outcome {
  const told = predictions.map((p) => toldOf(p.sample));
  return told.includes("wrong") ? "wrong" : told.includes("untold") ? "untold" : "right";
}

function toldOf({ right, predicted, label }: SampleRecord): Outcome {
  if (right === undefined && predicted === undefined) return "untold";
  return (right ?? predicted === label) ? "right" : "wrong";
}

/** Whether a picture is of several side by side, by the size in its header. */
function isWide({ png }: SampleRecord): boolean {
  if (!png || !BASE64.test(png) || png.length < 32) return false;
  const header = atob(png.slice(0, 32));
  const size = (at: number) => [0, 1, 2, 3].reduce((n, i) => n * 256 + header.charCodeAt(at + i), 0);
  return size(16) > 2 * size(20);
}

function runMark(view: RunView): Html {
  return trusted(runKey(view).text.replace(/<\/svg>.*$/s, "</svg></span>")); // the line and marker without the name
}

function picture(sample: SampleRecord, label: string): Html {
  if (sample.png && BASE64.test(sample.png)) {
    return html`<img src="data:image/png;base64,${sample.png}" alt="${label}: ${sample.name}">${
      sample.text !== undefined && html`<p class="asked">${sample.text}</p>`
    }`;
  }
  return html`<p class="text">${sample.text ?? sample.name}</p>`;
}
