import { embeddedJson, type Html, html, trusted } from "./html.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";

/** A part of a page, reached from the list of sections. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** A sentence beneath the title; may be empty. */
  readonly lead: string;
  readonly body: Html;
}

export interface PageParts {
  readonly title: string;
  readonly subtitle: string;
  /** Of holdfast. */
  readonly version: string;
  /** What stands above the list of sections. */
  readonly first: Html;
  readonly sections: readonly Section[];
  /** Sentences for the foot. */
  readonly remarks: readonly string[];
  /** The page's data for programs. */
  readonly data: object;
}

/** A whole page that needs nothing else: no network, no files beside it. */
export function renderPage({ title, subtitle, version, first, sections, remarks, data }: PageParts): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="holdfast ${version}"><meta name="referrer" content="no-referrer">
<title>${title} · holdfast</title><style>${trusted(PAGE_STYLE)}</style></head><body>
<header><span class="brand">holdfast</span><span class="what">${subtitle}</span><button id="theme" type="button" hidden>Dark</button></header>
<main><section class="first">${first}
<nav aria-label="Sections">${sections.map((s) => html`<a href="#${s.id}">${s.title}</a>`)}</nav></section>
${sections.map(sectionOf)}</main>
<footer>${remarks.map((r) => html`<p>${r}</p>`)}<p>Made by holdfast ${version}. The data behind this page is in it, as JSON in the element <code>holdfast-data</code>.</p></footer>
<script type="application/json" id="holdfast-data">${embeddedJson(data)}</script>
<script>${trusted(PAGE_SCRIPT)}</script></body></html>
`.text;
}

function sectionOf({ id, title, lead, body }: Section): Html {
  return html`<section id="${id}"><h2>${title}</h2>${lead !== "" && html`<p class="lead">${lead}</p>`}${body}</section>`;
}
