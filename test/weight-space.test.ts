import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ConfigInput } from "../src/config/schema.ts";
import { finetune } from "../src/finetune.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { renderReport } from "../src/report/report.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { interpolateRun } from "../src/training/interpolate.ts";
import { cookSoup } from "../src/training/soup.ts";
import { writeTinyProblem } from "./support/tiny-run.ts";

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);
const weightsOf = (run: string) => readFileSync(at(`${run}/onnx/model.onnx`));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-weights-"));
  await writeTinyProblem(folder);
  runtime = await openRuntime({ prefer: "native", threads: 1 });
  const settings: Omit<ConfigInput, "out"> = {
    model: at("model.onnx"),
    data: at("data"),
    shifts: { noise: "corruption:gaussian-noise:2" },
    steps: 20,
    batchSize: 6,
    optimizer: { lr: 0.02 },
    evaluation: { every: 10, metric: "loss" },
    report: false,
  };
  const context = { files: nodeFiles, runtime };
  await finetune({ ...settings, out: at("a") }, context);
  await finetune({ ...settings, out: at("b"), seed: 1 }, context);
  await finetune({ ...settings, out: at("fresh"), head: { mode: "new" } }, context);
  await finetune(
    { ...settings, out: at("probe"), head: { mode: "new" }, method: "linear-probe", steps: 5 },
    context,
  );
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the line between two models ends at both: its last point judges as the run did, bit for bit the same model", async () => {
  const { points, chosen } = await interpolateRun(at("a"), {
    files: nodeFiles,
    runtime,
    shares: [0, 0.5, 1],
  });
  const { summary, evaluations, interpolation } = await readRun(nodeFiles, at("a"));
  const last = points.at(-1)!;
  for (const set of summary.sets) {
    const judged = last.sets.find((s) => s.set === set.set)!;
    expect(judged.metrics.loss).toBeCloseTo(set.metrics.loss!, 5);
    const before = evaluations.find((e) => e.set === set.set && e.model === "initial")!;
    const first = points[0]!.sets.find((s) => s.set === set.set)!;
    expect(first.metrics.loss).toBeCloseTo(before.metrics.loss!, 5);
  }
  const losses = points.map((p) => p.sets.find((s) => s.kind === "validation")!.metrics.loss!);
  expect(points.find((p) => p.share === chosen)!.sets[0]!.metrics.loss).toBe(Math.min(...losses));
  expect(interpolation).toMatchObject({ chosen, from: at("model.onnx") });
  if (chosen === 1) expect(weightsOf("a/interpolation").equals(weightsOf("a/model"))).toBe(true);
  const page = await renderReport([await readRun(nodeFiles, at("a"))]);
  expect(page).toContain("of the way from the pretrained weights");
});

test("a run with a new head needs a model that has it, and a probe has", async () => {
  const context = { files: nodeFiles, runtime, shares: [0, 1] };
  await expect(interpolateRun(at("fresh"), context)).rejects.toThrow(/trained a new head, which .* has not/);
  const { points } = await interpolateRun(at("fresh"), { ...context, from: at("probe") });
  const probe = (await readRun(nodeFiles, at("probe"))).summary.sets;
  for (const set of points[0]!.sets) {
    expect(set.metrics.loss).toBeCloseTo(probe.find((s) => s.set === set.set)!.metrics.loss!, 5);
  }
});

test("a soup of a run and itself is the run; a greedy one is no worse on validation than its best member", async () => {
  const context = { files: nodeFiles, runtime };
  await cookSoup([at("a"), at("a")], { ...context, out: at("twice"), recipe: "uniform" });
  expect(weightsOf("twice").equals(weightsOf("a/model"))).toBe(true);
  const soup = await cookSoup([at("a"), at("b")], { ...context, out: at("soup"), recipe: "greedy" });
  const loss = (sets: (typeof soup)["sets"]) => sets.find((s) => s.kind === "validation")!.metrics.loss!;
  expect(loss(soup.sets)).toBeLessThanOrEqual(Math.min(...soup.alone.map((m) => loss(m.sets))));
});

test("runs with other heads make no soup", async () => {
  const soup = cookSoup([at("a"), at("fresh")], {
    files: nodeFiles,
    runtime,
    out: at("none"),
    recipe: "uniform",
  });
  await expect(soup).rejects.toThrow(/have not the same weights/);
});
