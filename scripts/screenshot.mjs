// A picture of a page or an SVG file: node scripts/screenshot.mjs PAGE OUT.png [--dark] [--width N] [--at SELECTOR] [--pdf]
// Needs a Chromium (Debian: apt-get install chromium); CHROMIUM names another one than /usr/bin/chromium.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dark: { type: "boolean", default: false },
    width: { type: "string", default: "1200" },
    at: { type: "string" },
    pdf: { type: "boolean", default: false },
  },
});
const [page, out] = positionals;
const width = Number(values.width);
if (!page || !out || !(width > 0)) {
  console.error(
    "usage: node scripts/screenshot.mjs PAGE OUT.png [--dark] [--width N] [--at SELECTOR] [--pdf]",
  );
  process.exit(2);
}
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  const tab = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme: values.dark ? "dark" : "light",
  });
  const problems = [];
  tab.on("pageerror", (error) => problems.push(String(error)));
  tab.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) problems.push(`the page asked for ${request.url()}`);
  });
  if (page.endsWith(".svg"))
    await tab.setContent(`<body style="margin:0">${readFileSync(page, "utf8")}</body>`);
  else await tab.goto(pathToFileURL(resolve(page)).href);
  const wide = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) problems.push(`the page is ${wide} pixels wider than the window`);
  if (values.pdf)
    await tab.pdf({
      path: out,
      format: "A4",
      margin: { top: "15mm", bottom: "15mm", left: "12mm", right: "12mm" },
    });
  else if (values.at) await tab.locator(values.at).first().screenshot({ path: out });
  else await tab.screenshot({ path: out, fullPage: true });
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
} finally {
  await browser.close();
}
