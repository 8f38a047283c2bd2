import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { encodePng } from "../src/data/encode-png.ts";
import { finetune } from "../src/finetune.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { openRuntime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { interpolateRun } from "../src/training/interpolate.ts";

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

test("a run starts from what class names say, may be held to their logits, and walks back to them", async () => {
  await writeImages("train", 6, 1);
  await writeImages("test", 4, 2);
  const runtime = await openRuntime({ prefer: "native", threads: 1 });
  const context = { files: nodeFiles, runtime };
  const out = join(folder, "run");
  const { summary } = await finetune(
    {
      model: `${clip}/onnx/vision_model.onnx`,
      data: join(folder, "train"),
      test: join(folder, "test"),
      out,
      head: { mode: "zero-shot", templates: ["a photo of a {}."], logitScale: 14 },
      // Held to the zero-shot logits, which a new head has none of.
      distillation: { strength: 0.5, at: "logits" },
      steps: 8,
      batchSize: 6,
      optimizer: { lr: 1e-3 },
      report: false,
    },
    context,
  );
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
