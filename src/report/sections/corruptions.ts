import { meanCorruptionError, relativeCorruptionError } from "../../evaluation/corruption-error.ts";
import type { Canvas } from "../charts/canvas.ts";
import { initialKey, runKey } from "../charts/key.ts";
import { severityCurves } from "../charts/severity-curves.ts";
import { corruptedSetsOf, corruptionErrors } from "../corruptions.ts";
import { percent } from "../format.ts";
import { type Html, html } from "../html.ts";
import { oneMetric, type RunView } from "../run-view.ts";
import type { Verdict } from "../verdict.ts";

/** A model that others are measured against: its key, and its errors. */
interface Reference {
  readonly key: Html;
  readonly view: RunView;
  readonly which: "initial" | "last";
}

/**
 * How the metric falls with severity, and the mean corruption error against the initial model and against the plain run.
 * Undefined where no run was judged under a corruption, or the runs have no metric in common.
 */
export function corruptionsSection(
  canvas: Canvas,
  views: readonly RunView[],
  { plain }: Verdict,
  showInitial: boolean,
): Html | undefined {
  const corrupted = views.filter((v) => corruptedSetsOf(v).length > 0);
  if (corrupted.length === 0 || !oneMetric(views)) return undefined;
  const sets = corrupted.flatMap((v) => corruptedSetsOf(v));
  const severities = [...new Set(sets.map((c) => c.severity))].sort((a, b) => a - b);
  const names = [...new Set(sets.map((c) => c.corruption))];
  const [first] = corrupted;
  const references: Reference[] = [
    ...(showInitial && first ? [{ key: initialKey(), view: first, which: "initial" as const }] : []),
    ...(plain ? [{ key: runKey(plain), view: plain, which: "last" as const }] : []),
  ];
  if (severities.length < 2 && references.length === 0) return undefined;
  return html`${severities.length > 1 && html`<p class="keys">${showInitial && initialKey()}${corrupted.map(runKey)}</p>${severityCurves(canvas, corrupted, showInitial)}`}
    ${references.length > 0 && table(corrupted, references, wordsFor(names, severities))}`;
}

/** What a ratio of errors is called, and what it is over: a mean only where there are several corruptions. */
interface Words {
  readonly name: string;
  readonly relative: string;
  readonly note: string;
}

function wordsFor(names: readonly string[], severities: readonly number[]): Words {
  const [name, severity] = [names[0] ?? "", severities[0] ?? 0];
  const at = severities.length > 1 ? `severities ${severities.join(", ")}` : `severity ${severity}`;
  if (names.length > 1) {
    const what = severities.length > 1 ? "the sum of errors over severities" : "the error";
    return {
      ...{ name: "mCE", relative: "relative mCE" },
      note: `mCE: ${what} as a share of the reference's, mean over ${names.length} corruptions at ${at}`,
    };
  }
  const what =
    severities.length > 1 ? `the sum of errors under ${name} at ${at}` : `the error under ${name} at ${at}`;
  return {
    ...{ name: "Corruption error", relative: "relative corruption error" },
    note: `Corruption error: ${what} as a share of the reference's (one corruption, so no mean: not an mCE)`,
  };
}

function table(views: readonly RunView[], references: readonly Reference[], words: Words): Html {
  return html`<div class="scroll"><table class="corruptions"><thead><tr><th scope="col">Run</th>${references.map(
    ({ key }) =>
      html`<th scope="col">${words.name} <small>against ${key}</small></th><th scope="col">${words.relative} <small>against ${key}</small></th>`,
  )}</tr></thead><tbody>${views.map(
    (view) => html`<tr><th scope="row">${runKey(view)}</th>${references.map((r) => cells(view, r))}</tr>`,
  )}</tbody></table></div>
  <p class="note">${words.note}; below 100 % is better than the reference. Relative: the same for what corruption adds to the error on clean examples.</p>`;
}

function cells(view: RunView, { view: other, which }: Reference): Html {
  const [own, theirs] = [corruptionErrors(view, "last"), corruptionErrors(other, which)];
  const isSelf = view === other && which === "last";
  if (!own || !theirs || isSelf) return html`<td>–</td><td>–</td>`;
  return html`<td><b>${share(meanCorruptionError(own, theirs))}</b></td><td>${share(relativeCorruptionError(own, theirs))}</td>`;
}

function share(value: number): string {
  return Number.isFinite(value) ? percent(value) : "–";
}
