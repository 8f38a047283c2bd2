/** Markup that is safe to insert: made only by `html` (which escapes what it is given) and `trusted`. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: text is escaped, markup is kept, lists are joined, null and false vanish. */
export type HtmlValue = Html | string | number | null | undefined | false | readonly HtmlValue[];

/**
 * A template whose values are escaped for element content and for attributes in double quotes:
 * html`<b title="${name}">${count}</b>`. Never put a value into a script, a style, an unquoted attribute or a URL.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.map((s, i) => (i === 0 ? s : render(values[i - 1]) + s)).join(""));
}

/** Marks a constant of this program, or a library's escaped output, as markup. Never data. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** A value as JSON inside a script element: no `<` can end the element or open a comment. */
export function embeddedJson(value: unknown): Html {
  return new Html(
    JSON.stringify(value)
      .replaceAll("<", "\\u003c")
      .replaceAll("\u2028", "\\u2028")
      .replaceAll("\u2029", "\\u2029"),
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML. Control characters and lone surrogates, which HTML forbids, become U+FFFD. */
export function escapeHtml(text: string): string {
  return text
    .replace(/\p{Surrogate}|[^\P{Control}\t\n\r]/gu, "\ufffd")
    .replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

function render(value: HtmlValue): string {
  if (value instanceof Html) return value.text;
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return value.map(render).join("");
}
