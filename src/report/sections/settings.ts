import type { Json } from "../../run/records.ts";
import { runKey } from "../charts/key.ts";
import { bytes, integer } from "../format.ts";
import { type Html, html } from "../html.ts";
import type { RunView } from "../run-view.ts";

/** What differs between the runs' settings, then every setting as YAML. */
export function configurationSection(views: readonly RunView[]): Html {
  const flat = views.map((v) => flatten(v.run.config));
  const keys = [...new Set(flat.flatMap((f) => [...f.keys()]))];
  const different = keys.filter((key) => new Set(flat.map((f) => f.get(key))).size > 1);
  return html`${
    views.length > 1 &&
    (different.length > 0
      ? html`<h3>What differs</h3><div class="scroll"><table><thead><tr><th scope="col">Setting</th>${views.map((v) => html`<th scope="col">${runKey(v)}</th>`)}</tr></thead>
        <tbody>${different.map((key) => html`<tr><th scope="row"><code>${key}</code></th>${flat.map((f) => html`<td><code>${f.get(key) ?? "–"}</code></td>`)}</tr>`)}</tbody></table></div>`
      : html`<p>The runs have the same settings.</p>`)
  }${views.map(
    (view) =>
      html`<details><summary>Every setting of ${runKey(view)}</summary><pre><code>${view.run.configText}</code></pre></details>`,
  )}`;
}

/** What was noticed when the runs were set up; a sentence that all of them share stands once. */
export function notesSection(views: readonly RunView[]): Html {
  const notes = views.map(({ run }) => run.summary.notes ?? []);
  const shared = (notes[0] ?? []).filter((text) => notes.every((own) => own.includes(text)));
  return html`${shared.length > 0 && html`<ul>${shared.map((text) => html`<li>${text}</li>`)}</ul>`}${views.map(
    (view, r) => {
      const own = notes[r]!.filter((text) => !shared.includes(text)); // one list of notes for each view
      return (
        own.length > 0 && html`<h3>${runKey(view)}</h3><ul>${own.map((text) => html`<li>${text}</li>`)}</ul>`
      );
    },
  )}`;
}

/** Machine, versions and seeds. */
export function environmentSection(views: readonly RunView[]): Html {
  const rows: readonly [string, (view: RunView) => string][] = [
    [
      "Model",
      ({ run }) =>
        `${run.summary.model}, ${integer(run.summary.trainableParameters)} of ${integer(run.summary.totalParameters)} parameters trained`,
    ],
    ["Head", ({ run }) => run.summary.head],
    ["Training examples", ({ run }) => integer(run.summary.trainCount)],
    [
      "Chosen by",
      ({ run }) =>
        `${run.summary.selection.higherIsBetter ? "highest" : "lowest"} ${run.summary.selection.metric} on ${run.summary.selection.set}`,
    ],
    ["Started", ({ run }) => run.environment.startedAt],
    ["holdfast", ({ run }) => run.environment.holdfast],
    ["Runtime", ({ run }) => run.environment.runtime],
    ["Packages", ({ run }) => pairs(run.environment.packages)],
    ["Node", ({ run }) => run.environment.node],
    ["Platform", ({ run }) => run.environment.platform],
    [
      "Processor",
      ({ run }) =>
        `${run.environment.cpu}, ${run.environment.threads} threads, ${bytes(run.environment.memoryBytes)} memory`,
    ],
    [
      "Peak memory of the process",
      ({ run }) => {
        const peak = Math.max(0, ...run.steps.map((s) => s.memoryBytes ?? 0));
        return peak > 0 ? bytes(peak) : "–";
      },
    ],
    ["Seeds", ({ run }) => pairs(run.environment.seeds)],
    ["Commit", ({ run }) => run.environment.gitCommit ?? "–"],
    ["Folder", ({ run }) => run.folder],
  ];
  return html`<div class="scroll"><table class="environment"><thead><tr><th scope="col"><span class="unseen">What</span></th>${views.map((v) => html`<th scope="col">${runKey(v)}</th>`)}</tr></thead>
    <tbody>${rows.map(([name, read]) => {
      const values = views.map(read);
      const same = views.length > 1 && new Set(values).size === 1;
      return html`<tr><th scope="row">${name}</th>${same ? html`<td colspan="${views.length}">${values[0]}</td>` : values.map((v) => html`<td>${v}</td>`)}</tr>`;
    })}</tbody></table></div>`;
}

/** The commands that repeat the runs and this page. */
export function reproduceSection(views: readonly RunView[]): Html {
  const commands = views.map((v) => v.run.environment.command);
  const page = `npx holdfast report ${views.map((v) => quoted(v.run.folder)).join(" ")}`;
  return html`<pre><code>${[...commands, page].join("\n")}</code></pre>
    <p class="note">The same seeds, versions and processor give the same weights bit for bit; another processor gives slightly other ones.</p>`;
}

/** A path as one word of a shell. */
function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function pairs(record: Readonly<Record<string, string | number>>): string {
  const entries = Object.entries(record);
  return entries.length > 0 ? entries.map(([key, value]) => `${key} ${value}`).join(", ") : "–";
}

function flatten(value: Json, path: string = "", into: Map<string, string> = new Map()): Map<string, string> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [key, item] of Object.entries(value))
      flatten(item, path === "" ? key : `${path}.${key}`, into);
  } else {
    into.set(path, typeof value === "string" ? value : JSON.stringify(value));
  }
  return into;
}
