import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import type { RunRecord } from "../run/run-reader.ts";
import { fixtureRun } from "./report.fixtures.ts";
import { renderReport } from "./report.ts";
import {
  corruptedRun,
  judgedClassifier,
  regressionRun,
  segmentationRun,
  taggingRun,
  writingRun,
} from "./task-runs.fixtures.ts";

async function open(...runs: readonly RunRecord[]) {
  const text = await renderReport(runs);
  const { document } = parseHTML(text);
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  return { text, all, texts: (selector: string) => all(selector).map((e) => e.textContent?.trim()) };
}

const plain = { anchorRule: "none" } as const;

test("a classifier: every metric with its label, a reliability diagram per set with its error, F1 of every class", async () => {
  const { all, texts } = await open(judgedClassifier());
  expect(texts(".metrics thead th")).toEqual([
    "Set",
    ...[
      "Accuracy ↑",
      "Top 5 ↑",
      "Balanced accuracy ↑",
      "Macro F1 ↑",
      "AUROC ↑",
      "ECE ↓",
      "Brier score ↓",
      "Loss ↓",
    ],
  ]);
  expect(all(".metrics tbody tr").length).toBe(5);
  expect(all("#calibration figure svg").length).toBe(4);
  expect(texts("#calibration .note")[0]).toMatch(/^ECE \d\.\d\u202f%$/);
  expect(texts("#parts details[open] thead th")).toEqual(["Class", "Precision", "Recall", "F1", "Support"]);
  expect(all("#parts details[open] tbody tr").length).toBe(10);
});

test("several classifiers: a table for each metric, the main one in sight, and differences in its own unit", async () => {
  const { all, texts } = await open(judgedClassifier(), judgedClassifier(plain));
  expect(texts("#results > h3")).toEqual(["Accuracy"]);
  expect(texts("#results details > summary")).toHaveLength(7);
  expect(texts("#results details > summary")[0]).toMatch(/^Top 5\s+Higher is better$/);
  const difference = all("#results details:last-of-type tbody tr:last-child td:last-child")[0]?.textContent;
  expect(difference).toMatch(/^[+−]?\d/);
  expect(difference).not.toContain("better");
  expect(texts("#parts details[open] thead th")[1]).toMatch(/^F1\s+Adam \+ SPD$/);
  expect(texts(".robustness thead th").at(-1)).toBe("Relative robustness");
});

test("three unanchored runs tell a line, and every run's effective robustness is measured from it", async () => {
  const runs = [0, 0.6, 1.2].map((gain, seed) =>
    fixtureRun({ ...plain, seed: seed + 1, steps: 200 + 100 * seed, gain }),
  );
  const spread = runs.map((run, i) => ({
    ...run,
    evaluations: run.evaluations.map((e) => {
      const { correct: _, ...rest } = e;
      return { ...rest, metrics: { ...e.metrics, accuracy: (e.metrics.accuracy ?? 0) * (1 - 0.1 * i) } };
    }),
  }));
  const { texts } = await open(fixtureRun(), ...spread);
  expect(texts(".robustness thead th").at(-1)).toBe("Effective robustness");
  for (const row of texts(".robustness tbody td:last-child")) expect(row).toMatch(/^[+−±]\d+\.\d$/);
});

test("corruptions: a curve over severities for the mean and each of them, and mCE against the initial model and the plain run", async () => {
  const { all, texts } = await open(corruptedRun(), corruptedRun(plain));
  expect(texts("#corruptions figcaption")).toEqual([
    "Mean of 3 corruptions",
    "fog",
    "gaussian noise",
    "defocus blur",
  ]);
  expect(all("#corruptions figure svg").length).toBe(4);
  const cells = texts(".corruptions tbody td").map((t) => Number.parseFloat(t ?? ""));
  const [ofInitial, , ofPlain] = cells;
  expect(ofInitial).toBeLessThan(100);
  expect(ofPlain).toBeLessThan(100);
  expect(texts(".corruptions tbody tr:last-child td").at(-1)).toBe("–"); // the plain run against itself
});

const onlyShifts = (run: ReturnType<typeof corruptedRun>, isKept: (set: string) => boolean) => ({
  ...run,
  evaluations: run.evaluations.filter((e) => e.kind !== "shift" || isKept(e.set)),
});

test("one severity alone has no curve, but an mCE that says so", async () => {
  const { all, texts } = await open(onlyShifts(corruptedRun(), (set) => set.endsWith(" 3")));
  expect(all("#corruptions figure").length).toBe(0);
  expect(all(".corruptions tbody td").length).toBe(2);
  expect(texts("#corruptions .note")[0]).toContain("mean over 3 corruptions at severity 3;");
});

test("one corruption at one severity is no mean, and is not called one", async () => {
  const { texts } = await open(onlyShifts(corruptedRun(), (set) => set === "fog 3"));
  expect(texts(".corruptions thead th")[1]).toMatch(/^Corruption error against/);
  expect(texts("#corruptions .note")[0]).toContain("the error under fog at severity 3 as a share");
});

test("regression: predicted against true numbers for every set and run, and no matrix of mistaken classes", async () => {
  const { all, texts } = await open(regressionRun(), regressionRun(plain));
  expect(all("#predicted details").length).toBe(4);
  expect(all("#predicted details[open] svg.plot").length).toBe(2);
  expect(all("#confusion").length).toBe(0);
  expect(texts("#results > h3")).toEqual(["RMSE"]);
  expect(texts(".headline")[0]).toContain("different on shifted data (RMSE −");
  expect(all("figure.forest").length).toBe(0);
});

test("segmentation: IoU of every class, and a dash for one that never occurs", async () => {
  const { texts } = await open(segmentationRun());
  expect(texts("#parts h2")).toEqual(["Class by class"]);
  expect(texts("#parts details[open] tbody tr:last-child td")).toEqual(["–", "–", "0"]);
  expect(texts("#results > h3")).toEqual(["Mean IoU", "Every metric"]);
});

test("tags: precision, recall and F1 of every type of entity", async () => {
  const { texts } = await open(taggingRun());
  expect(texts("#parts h2")).toEqual(["Type by type"]);
  expect(texts("#parts details[open] tbody th")).toEqual(["LOC", "PER"]);
});

test("runs of different tasks stand side by side, and the page says that they are not compared", async () => {
  const { all, texts } = await open(judgedClassifier(), regressionRun(plain));
  expect(texts(".statements").join(" ")).toContain(
    "judged by different metrics, so they stand side by side and are not compared: Adam + SPD (classification) by Accuracy, Adam (regression) by RMSE.",
  );
  expect(texts("#results > h3")).toEqual(["Accuracy, RMSE"]);
  expect(all("#training figcaption").filter((c) => c.textContent === "Validation: RMSE").length).toBe(1);
  expect(all("#predicted, #calibration").length).toBe(2);
});

test("a network's picture is an image, so that nothing in the file runs", async () => {
  const network = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`;
  const { text, all } = await open({ ...fixtureRun(), network });
  const source = all("#network img")[0]?.getAttribute("src") ?? "";
  expect(atob(source.replace("data:image/svg+xml;base64,", ""))).toBe(network);
  expect(text).not.toContain("alert(1)");
});

test("a run from before the other metrics has a page as it had", async () => {
  const { all } = await open(fixtureRun());
  expect(all("#calibration, #predicted, #corruptions, #network").length).toBe(0);
  expect(all("#confusion, #parts").length).toBe(2);
});

test("a model that writes: judged by its answers, with intervals; its curves are of the perplexity that was known meanwhile", async () => {
  const { texts } = await open(writingRun(), writingRun(plain));
  expect(texts("#results > h3")).toEqual(["Accuracy"]);
  expect(texts("#results > .scroll thead th")).not.toContain("initial model");
  expect(texts(".headline")[0]).toMatch(/^Against Adam, Adam \+ SPD is .* on shifted data/);
  expect(texts(".glance tbody td")[0]).toMatch(/^\d+\.\d\u202f% +\d+\.\d–\d+\.\d\u202f%$/);
  expect(texts("figcaption").filter((t) => t?.startsWith("Validation"))).toEqual(["Validation: Perplexity"]);
});

test("where one set was not judged by what was written, all are told by what every set has", async () => {
  const run = writingRun();
  const evaluations = run.evaluations.map((e) => {
    const { accuracy: _, ...metrics } = e.metrics;
    return e.kind === "shift" ? { ...e, metrics } : e;
  });
  const { texts } = await open({ ...run, evaluations });
  expect(texts("#results > h3")[0]).toBe("Perplexity");
});

test("a question about an image stands below it, before the answer", async () => {
  const { samples } = fixtureRun();
  const asked = samples.map((s, i) => ({
    ...s,
    text: `how many <${i}>?`,
    expected: "two",
    answer: "two",
    right: true,
  }));
  const { all, texts } = await open({ ...writingRun(), samples: asked });
  expect(all("#examples .card:first-child img").length).toBeGreaterThan(0);
  expect(texts("#examples .card .asked")[0]).toBe("how many <0>?");
  expect(texts("#examples .card .what")[0]).toBe("two");
});

test("what a model wrote stands in full beside what it was asked", async () => {
  const asked = "What does the crow, which nobody has seen since, lie beside?";
  const sample = {
    set: "test",
    kind: "test",
    expected: "the kitchen's window",
    right: false,
    text: asked,
  } as const;
  const samples = [
    { ...sample, name: "rows.jsonl:1", answer: "it lies beside the door of the cellar, I should say" },
    { ...sample, name: "rows.jsonl:2", answer: "a tree" },
  ];
  const { texts } = await open({ ...writingRun(), samples });
  expect(texts(".cards.worded .truth")).toEqual([sample.expected, sample.expected]);
  expect(texts(".cards.worded .what")).toEqual(samples.map((s) => s.answer));
  expect(texts(".cards.worded .text")).toEqual([asked, asked]);
});

test("tensors of a deep network are told apart by what their names do not share", async () => {
  const run = writingRun();
  const names = new Map([...new Set(run.layers.map((l) => l.name))].map((name, i) => [name, i]));
  const layers = run.layers.map((l) => ({
    ...l,
    name: `m.model.layers.${names.get(l.name)}.self_attn.q_proj.lora_A.weight`,
  }));
  const { texts } = await open({ ...run, layers });
  expect(texts("svg.layers text.row").slice(0, 2)).toEqual(
    ["0", "1"].map((i) => `m.model.layers.${i}.self_attn.q_proj.lora_A.weight${i}`), // the whole name as its title
  );
});
