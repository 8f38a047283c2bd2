import { stringify } from "yaml";
import { type Html, html } from "../../report/html.ts";
import type { CompareConfig } from "../schema.ts";

/** Everything that was asked for, and how to ask for it again. */
export function settingsSection({ methods, ...compare }: CompareConfig): Html {
  const written = {
    ...compare,
    methods: methods.map(({ name, method, settings, search }) => ({
      ...(name === method ? {} : { name }),
      method,
      ...settings,
      ...(search ? { search } : {}),
    })),
  };
  return html`<details><summary>The whole file, defaults included</summary><pre><code>${stringify(written, { lineWidth: 0 })}</code></pre></details>
    <pre><code>npx holdfast compare compare.yaml</code></pre>
    <p class="note">Every trial and run is a folder of its own beneath ${compare.out}, with its settings, records and report data; holdfast report makes a page of any of them.</p>`;
}
