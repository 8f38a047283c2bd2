import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfig } from "../src/config/parse.ts";
import type { ConfigInput } from "../src/config/schema.ts";
import { encodePng } from "../src/data/encode-png.ts";
import { finetune, resume } from "../src/finetune.ts";
import type { Files } from "../src/platform/files.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import { interpolateRun } from "../src/training/interpolate.ts";
import { mergeAdapter } from "../src/training/merge-adapter.ts";
import { weightsOf } from "./support/tiny-run.ts";

const clip = fileURLToPath(new URL("../src/training/fixtures/clip", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "holdfast-zero-shot-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COLOURS = { red: [220, 40, 40], green: [40, 200, 60], dark_blue: [30, 40, 160] } as const;

/** Squares of one colour on grey noise, in a folder for each colour. */
async function writeImages(set: string, perClass: number, seed: number): Promise<void> {
  const random = createRandom(seed);
  for (const [name, colour] of Object.entries(COLOURS)) {
    mkdirSync(join(folder, set, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const [top, left] = [random.integer(6), random.integer(6)];
      const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, at) => {
        const [y, x, c] = [Math.floor(at / 48), Math.floor(at / 3) % 16, at % 3];
        const inside = y >= top && y < top + 9 && x >= left && x < left + 9;
        return (inside ? colour[c]! : 100) + random.integer(30);
      });
      const png = await encodePng({ kind: "image", height: 16, width: 16, channels: 3, data });
      writeFileSync(join(folder, set, name, `${i}.png`), png);
    }
  }
}

/** Sums of the same products, in float32, of numbers up to the logit scale. */
function expectNear(got: readonly number[], want: readonly number[]): void {
  const worst = want.reduce((most, v, i) => Math.max(most, Math.abs(v - (got[i] ?? Number.NaN))), 0);
  expect(worst).toBeLessThan(1e-5);
}

const settings = (out: string): ConfigInput => ({
  model: `${clip}/onnx/vision_model.onnx`,
  data: join(folder, "train"),
  test: join(folder, "test"),
  out: join(folder, out),
  head: { mode: "zero-shot", templates: ["a photo of a {}."], logitScale: 14 },
  steps: 8,
  batchSize: 6,
  optimizer: { lr: 1e-3 },
  report: false,
});
const modelOf = (out: string) => readFileSync(join(folder, out, "model/onnx/model.onnx"));
let context: { readonly files: Files; readonly runtime: Runtime };

beforeAll(async () => {
  await writeImages("train", 6, 1);
  await writeImages("test", 4, 2);
  context = { files: nodeFiles, runtime: await openRuntime({ prefer: "native", threads: 1 }) };
});

test("a run starts from what class names say, may be held to their logits, and walks back to them", async () => {
  const out = join(folder, "run");
  // Held to the zero-shot logits, which a new head has none of.
  const distillation = { strength: 0.5, at: "logits" } as const;
  const { summary } = await finetune({ ...settings("run"), distillation }, context);
  expect(summary.head).toBe("zero-shot");
  const tested = summary.sets.find((s) => s.set === "test")!; // it was given
  expect(tested.initial!.accuracy).toBeGreaterThan(0.9);
  expect(tested.metrics.accuracy).toBeGreaterThan(0.9);
  const config = JSON.parse(readFileSync(join(out, "model/config.json"), "utf8")) as { id2label: object };
  expect(config.id2label).toEqual({ 0: "dark_blue", 1: "green", 2: "red" });

  const { points } = await interpolateRun(out, { ...context, shares: [0, 1] });
  const lossAt = (share: number, set: string) =>
    points.find((p) => p.share === share)?.sets.find((s) => s.set === set)?.metrics.loss;
  expect(lossAt(0, "test")).toBeCloseTo(tested.initial!.loss!, 4);
  expect(lossAt(1, "test")).toBeCloseTo(tested.metrics.loss!, 4);
});

test.each([
  ["every weight", {}, null],
  ["LoRA", { method: "lora" }, null],
  ["adapters that stay nodes", { method: "series-adapter" }, /not the same weights/],
] as const)(
  "a zero-shot run that trains %s ends as it would have after a stop, and walks back",
  async (name, how, refusal) => {
    const [whole, parts] = [`whole ${name}`, `parts ${name}`];
    const { summary } = await finetune({ ...settings(whole), ...how }, context);
    const config = { ...settings(parts), ...how };
    let steps = 0;
    const stopped = await finetune(config, {
      ...context,
      onEvent: (e) => {
        if (e.kind === "step") steps++;
      },
      shouldStop: () => steps >= 3,
    });
    expect(stopped.summary).toMatchObject({ status: "stopped", steps: 3, head: "zero-shot" });
    await resume(parseConfig(config), context);
    expect(modelOf(parts).equals(modelOf(whole))).toBe(true);

    const tested = summary.sets.find((s) => s.set === "test")!; // it was given
    const plain = await DeployedModel.open(join(folder, whole), context);
    const judged = await evaluateModel(plain, { files: nodeFiles, set: "test" });
    await plain.release();
    expect(judged.metrics.loss).toBeCloseTo(tested.metrics.loss!, 4);
    if (name === "LoRA") {
      // Python PEFT's form of the run, put into what it started from, is the model that the run wrote.
      const merged = { model: join(folder, whole, "zero-shot"), adapter: join(folder, whole) };
      await mergeAdapter({ files: nodeFiles, ...merged, out: join(folder, "merged.onnx") });
      const [ours, written] = await Promise.all(
        [join(folder, "merged.onnx"), join(folder, whole, "model/onnx/model.onnx")].map(weightsOf),
      );
      expect([...ours!.keys()]).toContain("head.weight");
      for (const [weight, values] of written!) expectNear(ours!.get(weight) ?? [], values);
    }
    const walk = interpolateRun(join(folder, whole), { ...context, shares: [0] });
    if (refusal) return expect(walk).rejects.toThrow(refusal);
    const [start] = (await walk).points;
    expect(start?.sets.find((s) => s.set === "test")?.metrics.loss).toBeCloseTo(tested.initial!.loss!, 4);
  },
);
