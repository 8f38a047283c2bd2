import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConfigInput } from "../src/config/schema.ts";
import { decodePng } from "../src/data/formats/png.ts";
import { openInputs } from "../src/data/open-inputs.ts";
import { createResize } from "../src/data/preprocess/resize.ts";
import { finetune } from "../src/finetune.ts";
import { loadModel } from "../src/onnx/load.ts";
import { nodeFiles as files } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import { predict } from "../src/training/predict.ts";
import { tinyClassifier, writeRectangles } from "./support/tiny-masks.ts";

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-segmentation-"));
  runtime = await openRuntime({ prefer: "native", threads: 1 });
  for (const kind of ["convolutional", "patches"] as const)
    await files.write(at(`${kind}.onnx`), tinyClassifier(kind));
  await writeRectangles(files, at("data"), 20);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function settings(out: string, more: Partial<ConfigInput>): ConfigInput {
  return {
    task: "segmentation",
    model: at("convolutional.onnx"),
    data: at("data"),
    validation: at("data"),
    out: at(out),
    method: "adam",
    steps: 110,
    batchSize: 10,
    optimizer: { lr: 0.008 },
    evaluation: { every: 55 },
    ...more,
  };
}

describe.each<[string, Partial<ConfigInput>, number]>([
  [
    "a convolution before it",
    {
      head: { map: "fcn", hidden: 12, from: "r1" },
      optimizer: { lr: 0.03 },
      loss: { name: "dice-cross-entropy" },
    },
    0.6,
  ],
  ["a decoder", { head: { map: "decoder", hidden: 12 }, loss: { name: "dice-cross-entropy" } }, 0.7],
  ["patches laid on a grid", { loss: { name: "dice" } }, 0.5],
])("a head of %s", (name, more, least) => {
  const out = name.replaceAll(" ", "-");

  test("learns to tell rectangles from what is behind them, and judges as the deployed model is judged", async () => {
    const shifts = { noise: "corruption:gaussian-noise:3" };
    const { summary } = await finetune(
      settings(out, {
        ...more,
        shifts,
        ...(name.startsWith("patches") ? { model: at("patches.onnx") } : {}),
      }),
      { files, runtime },
    );
    const [validation, noise] = summary.sets;
    expect(summary.selection.metric).toBe("miou");
    expect(validation!.metrics.miou).toBeGreaterThan(least);
    expect(noise!.metrics.miou).toBeLessThan(validation!.metrics.miou! + 0.01);

    const model = await DeployedModel.open(at(out), { files, runtime });
    const result = await evaluateModel(model, { files, data: at("data") });
    await model.release();
    // The exported model gives small maps, which are enlarged in other code: sums differ in their last bits.
    expect(result.metrics.miou).toBeCloseTo(validation!.metrics.miou!, 3);
    expect(result.metrics.loss).toBeCloseTo(validation!.metrics.loss!, 4);

    const exported = await loadModel(at(`${out}/model/onnx/model.onnx`), files);
    expect(exported.graph.outputs.map((v) => v.name)).toEqual(["logits"]);
    expect(exported.graph.nodes.filter((n) => n.opType === "Resize")).toHaveLength(
      name === "a decoder" ? 1 : 0,
    );
  });
});

test("the report has pictures of image, truth, prediction and errors side by side", async () => {
  const { samples } = await readRun(files, at("a-decoder"));
  expect(samples.length).toBeGreaterThan(8);
  for (const sample of samples) {
    expect(sample.answer).toMatch(/^\d+\.\d % of pixels wrong$/);
    expect(sample.png).toBeDefined();
  }
  expect(await files.exists(at("a-decoder/report.html"))).toBe(true);
});

test("predictions are drawn at the size of the images that they are of", async () => {
  const grown = await openInputs(files, [at("data/images/0.png")]);
  const image = await grown.load(0);
  if (image.kind !== "image") throw new Error("expected an image");
  const large = { ...grown, load: async () => createResize()(image, 40, 24, "bilinear") };
  const model = await DeployedModel.open(at("a-decoder"), { files, runtime });
  for await (const { fields, draw } of predict(model, large, 2)) {
    const [mask, overlay] = (await draw?.()) ?? [];
    const stored = await decodePng(mask!.png, "mask");
    expect([stored.height, stored.width, stored.colour]).toEqual([40, 24, "palette"]);
    const share = Array.from(stored.samples).reduce((sum, c) => sum + c, 0) / stored.samples.length;
    const told = (fields.classes as { class: string; share: number }[]).find((c) => c.class === "rectangle");
    expect(Math.abs(share - (told?.share ?? 0))).toBeLessThan(0.1); // areas are counted on the model's own small map
    expect((await decodePng(overlay!.png, "overlay")).colour).toBe("rgb");
  }
  await model.release();
});

test("masks are no data for classification, nor one class each for this", async () => {
  const run = (more: Partial<ConfigInput>) =>
    finetune(settings("refused", { ...more, steps: 1 }), { files, runtime });
  await expect(run({ task: "classification" })).rejects.toThrow(
    /read as mask-folder, whose examples have targets of their own, such as masks; task classification learns from one class each/,
  );
  const image = await files.read(at("data/images/0.png"));
  for (const name of ["a/0.png", "a/1.png", "b/0.png", "b/1.png"])
    await files.write(at(`classes/${name}`), image);
  await expect(run({ data: at("classes"), validation: at("classes") })).rejects.toThrow(
    /whose examples have one class each/,
  );
});
