import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { finetune, resume } from "../finetune.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { interpolateRun } from "../training/interpolate.ts";
import { stripes } from "../training/tiny-data.fixtures.ts";
import { createTinyModel } from "../training/tiny-model.fixtures.ts";
import { compare } from "./compare.ts";
import type { CompareEvent } from "./events.ts";
import type { Train, Walk } from "./run-methods.ts";
import type { CompareInput } from "./schema.ts";

const runtime = await openRuntime({ threads: 1 });

// On a disk, since ONNX Runtime opens an exported model by its path.
const folder = mkdtempSync(join(tmpdir(), "holdfast-compare-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files = nodeFiles;
await files.write(join(folder, "model.onnx"), createTinyModel());
await files.write(join(folder, "data/train.npz"), stripes(60, 1));
await files.write(join(folder, "data/test.npz"), stripes(30, 2));

const train: Train = async ({ story, config }, { onEvent, signal }) => {
  const options = { files, runtime, onEvent, shouldStop: () => signal.aborted };
  const { summary } = await (story === "resume" ? resume(config, options) : finetune(config, options));
  return { summary };
};

const walk: Walk = async ({ run, ...rest }) => {
  await interpolateRun(run, { files, runtime, ...rest });
};

const settings: CompareInput = {
  out: join(folder, "out"),
  base: {
    model: join(folder, "model.onnx"),
    data: join(folder, "data"),
    shifts: { noise: "corruption:gaussian-noise:2" },
    steps: 30,
    batchSize: 10,
    head: { mode: "new" },
    optimizer: { lr: 0.05 },
  },
  methods: ["adamw", { method: "linear-probe", search: { "optimizer.lr": [0.05] } }],
  seeds: [1],
  trials: 1,
  widen: 0,
  interpolate: { shares: [0, 1] },
};

it("a comparison tunes, trains, walks and writes its tables and page", async () => {
  const events: CompareEvent[] = [];
  const result = await compare(settings, { files, train, walk, onEvent: (e) => events.push(e) });
  expect(result.status).toBe("finished");
  expect(result.comparison?.problems).toEqual([]);
  expect(events.filter((e) => e.kind === "chosen").map((e) => e.method)).toEqual(["adamw", "linear-probe"]);
  expect(result.written.map((path) => path.slice(folder.length))).toEqual([
    "/out/table.csv",
    "/out/table.json",
    "/out/table.md",
    "/out/table.tex",
    "/out/report.html",
  ]);

  // A walk ends at the run's own model, and begins at the probe's: what both were judged to be.
  const runOf = (name: string) => result.comparison!.methods.find((m) => m.name === name)?.runs[0]?.view.run;
  const [adamw, probe] = [runOf("adamw"), runOf("linear-probe")];
  const points = adamw!.interpolation!.points;
  expect(points.map((p) => p.share)).toEqual([0, 1]);
  for (const [point, run] of [[points[0]!, probe!] as const, [points[1]!, adamw!] as const]) {
    for (const { set, metrics } of point.sets) {
      const judged = run.summary.sets.find((s) => s.set === set)!;
      expect(metrics.accuracy).toBeCloseTo(judged.metrics.accuracy!, 12);
      expect(metrics.loss).toBeCloseTo(judged.metrics.loss!, 4);
    }
  }

  const page = await files.readText(join(folder, "out/report.html"));
  expect(page).toContain("Against adamw");
  const [visible] = page.split('<script type="application/json"');
  expect(visible).not.toMatch(/NaN|undefined|\[object/);
  expect(page).not.toMatch(/(src|href)="https?:/);
});
