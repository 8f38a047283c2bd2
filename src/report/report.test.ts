import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import type { RunRecord } from "../run/run-reader.ts";
import { createRun } from "../run/run-writer.ts";
import { fixtureRun, interrupted } from "./report.fixtures.ts";
import { renderReport, writeReport } from "./report.ts";

const HEADINGS = [
  "Results",
  "New data and shifted data",
  "Training",
  "Layer by layer",
  "Class by class",
  "Which classes are mistaken",
  "Examples",
  "Configuration",
  "Environment",
  "How to reproduce",
  "Terms",
];

async function open(runs: readonly RunRecord[]) {
  const text = await renderReport(runs);
  const { document } = parseHTML(text);
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  return {
    text,
    document,
    all,
    texts: (selector: string) => all(selector).map((e) => e.textContent?.trim()),
  };
}

test("two runs: every section is there, with a chart of each kind, and nothing is fetched", async () => {
  const { text, all, texts } = await open([fixtureRun(), fixtureRun({ anchorRule: "none" })]);
  expect(texts("h2")).toEqual(HEADINGS);
  expect(all("figure.forest svg")).toHaveLength(1);
  expect(all("#shift svg.plot")).toHaveLength(1);
  expect(all("#training figure")).toHaveLength(8);
  expect(all("svg.layers")).toHaveLength(2);
  expect(all("#confusion details[open] table.confusion")).toHaveLength(2);
  expect(all("#examples img").length).toBeGreaterThan(20);
  expectSelfContained(text);
});

test("every picture has words for those who cannot see it", async () => {
  const { all } = await open([fixtureRun(), fixtureRun({ anchorRule: "none" })]);
  for (const svg of all("svg")) {
    const isHidden = svg.getAttribute("aria-hidden") === "true";
    expect(isHidden || (svg.getAttribute("aria-label") ?? "").length > 10).toBe(true);
  }
  for (const image of all("img")) expect(image.getAttribute("alt")).toMatch(/\w/);
  for (const cell of all("th")) expect(cell.getAttribute("scope")).toMatch(/row|col/);
});

test("hostile names stay text everywhere", async () => {
  const name = `<script>alert(1)</script>`;
  const attribute = `" onmouseover="alert(2)`;
  const run = fixtureRun({ classes: [name, attribute, "</style>", "'", "&amp;"] });
  const hostile: RunRecord = {
    ...run,
    folder: `runs/${name}`,
    configText: `a: ${name}`,
    config: { [name]: name },
    remarks: [name],
    summary: { ...run.summary, name, model: name, method: { ...run.summary.method, name }, reason: name },
    environment: { ...run.environment, command: name, cpu: name, packages: { [name]: name } },
    layers: run.layers.map((l) => ({ ...l, name: `${name}${l.name}`, role: attribute })),
    evaluations: run.evaluations.map((e) => ({ ...e, set: `${name}${attribute}${e.set}` })),
    samples: run.samples.map((s) => ({ ...s, name: attribute, set: name, png: `${s.png}${attribute}` })),
  };
  const { document, all, text } = await open([hostile, fixtureRun({ anchorRule: "none" })]);
  expect(all("script")).toHaveLength(2); // the data and the page's own
  expect(text.match(/<script/g)).toHaveLength(2);
  expect(text.match(/<\/style>/g)).toHaveLength(1);
  expect(all("*").filter((e) => [...e.attributes].some((a) => a.name.startsWith("on")))).toEqual([]);
  expect(
    all("img")
      .map((i) => i.getAttribute("src"))
      .join(""),
  ).not.toContain("onmouseover");
  expect(document.querySelector(".confusion tbody th")?.getAttribute("title")).toBe(name);
  expect(JSON.parse(document.querySelector("#holdfast-data")!.textContent!).runs[0].summary.name).toBe(name);
});

test("one run without an anchor: no firing chart, and the condition is shown instead", async () => {
  const { texts } = await open([fixtureRun({ anchorRule: "none" })]);
  expect(texts("svg.layers text.head")).toEqual([
    "Where the gradient pointed back",
    "How far it moved",
    "Deviation ‖θ − θ₀‖",
  ]);
});

test("zero firing: the firing chart is empty and says so", async () => {
  const { all, texts } = await open([fixtureRun({ firing: 0 })]);
  expect(texts(".headline")).toEqual(["SPD never fired: this run was plain Adam."]);
  const levels = new Set(all("svg.layers path").map((p) => p.getAttribute("class")));
  expect([...levels].filter((l) => /^f[1-9]/.test(l ?? ""))).toEqual([]);
});

test("an interrupted run, and one that was killed before it recorded anything, have a page", async () => {
  const run = fixtureRun();
  const cut = await open([interrupted(run, 250)]);
  expect(cut.texts(".glance td").at(-1)).toBe("not ended");
  expect(cut.texts("footer p")[0]).toContain("the last line was cut off");
  const empty = await open([{ ...interrupted(run, 0), evaluations: [], remarks: [] }]);
  expect(empty.texts(".empty")).toEqual([
    "No steps were recorded.",
    "No layers were recorded.",
    "No confusion matrix was recorded.",
    "No predictions on examples were recorded.",
  ]);
});

test("300 tensors and 100 classes: every tensor has a row, labels do not overlap, and the page stays small", async () => {
  const classes = Array.from({ length: 100 }, (_, i) => `class ${i}`);
  const { text, all } = await open([fixtureRun({ tensors: 300, steps: 2000, classes })]);
  expect(all("#layers table.tensors tbody tr")).toHaveLength(300);
  const ys = all("svg.layers text.row").map((t) => Number(t.getAttribute("y")));
  expect(ys.length).toBeGreaterThan(50);
  for (const [i, y] of ys.entries()) if (i > 0) expect(y - ys[i - 1]!).toBeGreaterThanOrEqual(11.9);
  expect(all("#confusion table")).toHaveLength(0);
  expect(text.length).toBeLessThan(2.5e6);
});

test("very many shifts: their mean is drawn, each of them is folded away, and the table has them all", async () => {
  const run = fixtureRun();
  const [shift] = run.evaluations.filter((e) => e.kind === "shift");
  const names = Array.from({ length: 40 }, (_, i) => `corruption ${i}`);
  const others = run.evaluations.filter((e) => e.kind !== "shift");
  const shifts = run.evaluations
    .filter((e) => e.kind === "shift" && e.set === shift?.set)
    .flatMap((e) => names.map((set) => ({ ...e, set })));
  const { all, texts } = await open([{ ...run, evaluations: [...others, ...shifts] }]);
  expect(all("#training > .panels figure")).toHaveLength(5);
  expect(all("#training details figure")).toHaveLength(40);
  expect(all(".results tbody tr")).toHaveLength(42);
  expect(texts(".forest svg text").filter((t) => t?.includes("corruption"))).toEqual([]);
});

test("the page carries its data for reuse", async () => {
  const run = fixtureRun();
  const { document } = await open([run]);
  const data = JSON.parse(document.querySelector("#holdfast-data")!.textContent!);
  expect(data.format).toBe("holdfast-report/1");
  expect(data.runs[0].config).toEqual(run.config);
  expect(data.runs[0].steps.step.at(-1)).toBe(600);
  expect(data.runs[0].layers.tensors).toHaveLength(40);
  expect(data.runs[0].layers.fired[0]).toHaveLength(data.runs[0].layers.ends.length);
});

test("the same runs give the same page, byte for byte", async () => {
  const [first, second] = [await renderReport([fixtureRun()]), await renderReport([fixtureRun()])];
  expect(first === second).toBe(true); // not toBe, whose message would be the page
});

test("a report of no runs is refused", async () => {
  await expect(renderReport([])).rejects.toThrow("at least one run folder");
});

test("writeReport reads run folders and writes the page", async () => {
  const files = createMemoryFiles();
  for (const run of [fixtureRun(), fixtureRun({ anchorRule: "none" })]) {
    const writer = await createRun(files, run.folder, run);
    await writer.steps(...run.steps);
    await writer.layers(run.layers);
    await writer.evaluations(...run.evaluations);
    await writer.samples(run.samples);
  }
  await writeReport(files, ["runs/digits-spd", "runs/digits-adam"], "out/report.html");
  const { document } = parseHTML(await files.readText("out/report.html"));
  expect(document.querySelector(".headline")?.textContent).toMatch(/^Against Adam, Adam \+ SPD is better/);
  await expect(writeReport(files, ["runs/none"], "x.html")).rejects.toThrow("runs/none: no run here");
});

/** Nothing that a browser would load, follow or run from elsewhere. */
function expectSelfContained(text: string): void {
  const live = text
    .replace(/<script type="application\/json".*?<\/script>/s, "") // data, which a browser does not look at
    .replaceAll(/"data:image\/png;base64,[A-Za-z0-9+/=]*"/g, '""');
  expect(/https?:|\/\/\w|@import|<link|<iframe|<object|<base|srcset/i.exec(live)).toBeNull();
  for (const [, url] of live.matchAll(/(?:src|href)="([^"]*)"/g)) expect(url).toMatch(/^(#|$)/);
  for (const [, url] of live.matchAll(/url\(([^)]*)\)/g)) expect(url).toMatch(/^#/);
}

test("what was noticed of data and network stands once where runs share it", async () => {
  const withNotes = (anchorRule: "spd" | "none", notes: readonly string[]): RunRecord => {
    const run = fixtureRun({ anchorRule });
    return { ...run, summary: { ...run.summary, notes } };
  };
  const { texts } = await open([withNotes("spd", ["shared", "own"]), withNotes("none", ["shared"])]);
  expect(texts("#notes li")).toEqual(["shared", "own"]);
  expect(texts("h2")).not.toEqual(HEADINGS);
  expect((await open([fixtureRun({ anchorRule: "spd" })])).texts("#notes")).toEqual([]);
});
