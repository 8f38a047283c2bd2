import { runKey } from "../charts/key.ts";
import { type Html, html } from "../html.ts";
import type { RunView } from "../run-view.ts";

/** A picture beyond this many characters would be most of the page. */
const MOST = 400_000;

/**
 * The networks that were trained, each once. As images: whatever stands in a file of the run folder, nothing in it runs
 * or is fetched. Undefined where no run has a picture.
 */
export function networkSection(views: readonly RunView[]): Html | undefined {
  const pictures = new Map<string, RunView[]>();
  for (const view of views) {
    const { network } = view.run;
    if (network !== null && network.length <= MOST)
      pictures.set(network, [...(pictures.get(network) ?? []), view]);
  }
  if (pictures.size === 0) return undefined;
  return html`${[...pictures].map(
    ([svg, of], i) =>
      html`<details ${i === 0 ? html`open` : null}><summary>${of.map(runKey)}</summary><div class="scroll tall network"><img src="data:image/svg+xml;base64,${base64Of(svg)}" alt="The network of ${of[0]!.run.summary.model}, from input to output"></div></details>`,
  )}`;
}

function base64Of(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
