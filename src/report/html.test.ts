import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { embeddedJson, escapeHtml, html, trusted } from "./html.ts";

const HOSTILE = `<script>alert("1")</script>' & \u0000\ud800`;

test("values are escaped in content and in attributes, and read back by a parser as they were", () => {
  const { document } = parseHTML(html`<!doctype html><body><p title="${HOSTILE}">${HOSTILE}</p></body>`.text);
  const shown = HOSTILE.replace("\u0000", "\ufffd").replace("\ud800", "\ufffd");
  expect(document.querySelector("p")?.textContent).toBe(shown);
  expect(document.querySelector("p")?.getAttribute("title")).toBe(shown);
  expect(document.querySelector("script")).toBeNull();
});

test("markup, lists and absent values nest", () => {
  const item = (n: number) => html`<li>${n}</li>`;
  expect(html`<ul>${[1, 2].map(item)}${null}${undefined}${false}${trusted("<hr>")}</ul>`.text).toBe(
    "<ul><li>1</li><li>2</li><hr></ul>",
  );
});

test("JSON in a script element cannot end it and is read back equal", () => {
  const value = { name: "</script><!--<script>", line: "\u2028", n: 1.5 };
  const { text } = embeddedJson(value);
  expect(text).not.toMatch(/<|\u2028/);
  expect(JSON.parse(text)).toEqual(value);
});

test("letters of any script and line breaks stay", () => {
  expect(escapeHtml("größe 漢字 😀\n\t")).toBe("größe 漢字 😀\n\t");
});
