import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ConfigInput } from "../src/config/schema.ts";
import { decodePng } from "../src/data/formats/png.ts";
import { finetune } from "../src/finetune.ts";
import { loadModel } from "../src/onnx/load.ts";
import { nodeFiles as files } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import { tinyClassifier, writeRectangles } from "./support/tiny-masks.ts";

// What other tests show on classifiers, on maps of classes: adapters, distillation, class weights.
let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);
const IMAGES = 10;

function run(out: string, more: Partial<ConfigInput>) {
  const settings: ConfigInput = {
    task: "segmentation",
    model: at("model.onnx"),
    data: at("data"),
    validation: at("data"),
    out: at(out),
    head: { map: "decoder", hidden: 12 },
    loss: { name: "dice-cross-entropy" },
    batchSize: 5,
    steps: 40,
    optimizer: { lr: 0.02 },
    report: false,
    ...more,
  };
  return finetune(settings, { files, runtime });
}

const lossesOf = async (out: string) => (await readRun(files, at(out))).steps.map(({ loss }) => loss);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-segmentation-methods-"));
  runtime = await openRuntime({ prefer: "native", threads: 1 });
  await files.write(at("model.onnx"), tinyClassifier("convolutional"));
  await writeRectangles(files, at("data"), IMAGES);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(["lora", "dora", "ia3"] as const)(
  "%s below a head of maps is trained, written back and judged alike",
  async (method) => {
    const { summary } = await run(method, { method: "adamw", peft: { method, targets: "^w[12]$", rank: 2 } });
    const [validation] = summary.sets;
    const losses = await lossesOf(method);
    expect(losses.at(-1)!).toBeLessThan(0.8 * losses[0]!);

    const [before, after] = [
      await loadModel(at("model.onnx"), files),
      await loadModel(at(`${method}/model/onnx/model.onnx`), files),
    ];
    const weight = ({ graph }: typeof before) =>
      graph.initializers.find((v) => v.name === "w2")!.constant!.data;
    expect(weight(after)).not.toEqual(weight(before));

    const model = await DeployedModel.open(at(method), { files, runtime });
    const { metrics } = await evaluateModel(model, { files, data: at("data") });
    await model.release();
    expect(metrics.miou).toBeCloseTo(validation!.metrics.miou!, 3);
    expect(metrics.loss).toBeCloseTo(validation!.metrics.loss!, 4);
  },
);

test.each([
  ["prompt", /prompt/],
  [
    "series-adapter",
    /matches no layer for series adapter, which sits on layers of kind linear alone, not on w1 \(conv\), w2/,
  ],
  [
    "parallel-adapter",
    /matches no layer for parallel adapter, which sits on layers of kind linear alone, not on w1 \(conv\), w2/,
  ],
] as const)("%s has no place beside convolutions, and says so", async (method, message) => {
  const peft = { method, targets: "^w[12]$" };
  await expect(run(method, { method: "adamw", peft })).rejects.toThrow(message);
});

test("a new head is held to the features that it reads, a kept one to the logits of the network it starts from", async () => {
  const steps = { steps: 20, evaluation: { atStart: false } };
  const far = await distance("free", { ...steps, method: "adam" });
  expect(await distance("held", { ...steps, method: "adam", distillation: { strength: 30 } })).toBeLessThan(
    far,
  );

  const model = at("free/model");
  const kept = { ...steps, model, head: {}, method: "adam", optimizer: { lr: 0.01 } } as const;
  const moved = await distance("again", kept);
  const at0 = { strength: 3, at: "logits" } as const;
  expect(await distance("again-held", { ...kept, distillation: at0 })).toBeLessThan(moved);
});

/** How far the second convolution ends from where it starts. */
async function distance(out: string, more: Partial<ConfigInput>): Promise<number> {
  await run(out, more);
  const source = more.model === undefined ? at("model.onnx") : `${more.model}/onnx/model.onnx`;
  const [from, to] = [
    await loadModel(source, files),
    await loadModel(at(`${out}/model/onnx/model.onnx`), files),
  ];
  const of = ({ graph }: typeof from) => graph.initializers.find((v) => v.name === "w2")!.constant!.data;
  const start = Array.from(of(from), Number);
  return Math.hypot(...Array.from(of(to), Number).map((v, i) => v - start[i]!));
}

test("balanced weights are those of the pixels that count", async () => {
  const counts = [0, 0];
  for (let n = 0; n < IMAGES; n++) {
    const { samples } = await decodePng(await files.read(at(`data/masks/${n}.png`)), "mask");
    for (const c of samples) if (c !== 255) counts[c]!++;
  }
  const total = counts[0]! + counts[1]!;
  const [background, rectangle] = counts.map((count) => total / (2 * count));
  expect(rectangle).toBeGreaterThan(1.2 * background!);

  const loss = (classWeights: NonNullable<ConfigInput["loss"]>["classWeights"]) =>
    ({ name: "cross-entropy", classWeights }) as const;
  await run("balanced", { steps: 4, loss: loss("balanced") });
  await run("named", { steps: 4, loss: loss({ background: background!, rectangle: rectangle! }) });
  await run("plain", { steps: 4, loss: loss("none") });
  expect(await lossesOf("balanced")).toEqual(await lossesOf("named"));
  expect(await lossesOf("balanced")).not.toEqual(await lossesOf("plain"));
});

test("an image without its mask stops a run by name, before a step", async () => {
  const mask = await files.read(at("data/masks/0.png"));
  for (const name of ["a", "b", "c"]) {
    await files.write(at(`odd/images/${name}.png`), await files.read(at("data/images/0.png")));
    if (name !== "b") await files.write(at(`odd/masks/${name}.png`), mask);
  }
  await expect(run("odd-run", { data: at("odd") })).rejects.toThrow(/b\.png/);
  expect(await files.exists(at("odd-run"))).toBe(false);
});
