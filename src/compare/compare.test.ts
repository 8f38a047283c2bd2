import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { finetune, resume } from "../finetune.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { stripes } from "../training/tiny-data.fixtures.ts";
import { createTinyModel } from "../training/tiny-model.fixtures.ts";
import { compare } from "./compare.ts";
import type { CompareEvent } from "./events.ts";
import type { Train } from "./run-methods.ts";
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

const settings: CompareInput = {
  out: join(folder, "out"),
  base: {
    model: join(folder, "model.onnx"),
    data: join(folder, "data"),
    shifts: { noise: "corruption:gaussian-noise:2" },
    steps: 30,
    batchSize: 10,
    optimizer: { lr: 0.05 },
  },
  methods: ["adamw", "spd"],
  seeds: [1, 2],
  trials: 2,
};

describe("a comparison of two methods", () => {
  it("tunes each, trains each with every seed, and writes the tables", async () => {
    const events: CompareEvent[] = [];
    const result = await compare(settings, { files, train, onEvent: (e) => events.push(e) });
    expect(result.status).toBe("finished");
    expect(result.comparison?.methods.map((m) => [m.name, m.runs.length])).toEqual([
      ["adamw", 2],
      ["spd", 2],
    ]);
    expect(events.filter((e) => e.kind === "chosen").map((e) => e.method)).toEqual(["adamw", "spd"]);
    expect(result.written.map((path) => path.slice(folder.length))).toEqual([
      "/out/table.csv",
      "/out/table.json",
      "/out/table.tex",
      "/out/report.html",
    ]);
  });
});
