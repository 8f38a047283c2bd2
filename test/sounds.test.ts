import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openInputs } from "../src/data/open-inputs.ts";
import { finetune } from "../src/finetune.ts";
import { encodeModel } from "../src/onnx/encode.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import { predict } from "../src/training/predict.ts";
import { normals } from "./support/gradients-of.ts";
import { graphOf, modelOf } from "./support/graph-of.ts";

const [BINS, FRAMES, WIDTH] = [16, 50, 8];
/** Not the model's rate. */
const RATE = 22_050;
const TONES = { high: 1200, low: 440 };

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-sounds-"));
  writeModel(at("model"));
  writeSounds(at("train"), 24, 1);
  writeSounds(at("test"), 12, 2);
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("two tones are told apart by their log-mel spectrograms: trained, judged, asked", async () => {
  await finetune(
    {
      model: at("model"),
      data: at("train"),
      test: at("test"),
      out: at("run"),
      head: { from: "features" },
      epochs: 15,
      batchSize: 8,
      optimizer: { lr: 0.02 },
      report: false,
    },
    { files: nodeFiles, runtime },
  );
  const { summary } = await readRun(nodeFiles, at("run"));
  const { accuracy, loss } = summary.sets.find((s) => s.set === "test")!.metrics;
  expect(summary.classes).toEqual(["high", "low"]);
  expect(accuracy).toBe(1);

  const model = await DeployedModel.open(at("run"), { files: nodeFiles, runtime, batchSize: 5 });
  const judged = await evaluateModel(model, { files: nodeFiles, data: at("test") });
  expect(judged.metrics.loss).toBeCloseTo(loss!, 5);
  const said = [];
  for await (const { fields } of predict(model, await openInputs(nodeFiles, [at("test/low")]), 1))
    said.push(fields.class);
  expect(said).toEqual(new Array(12).fill("low"));
  await model.release();
}, 60_000);

/** A network of spectrograms [batch, 16, 50] to features [batch, 8], and what its preprocessor does. */
function writeModel(path: string): void {
  const graph = graphOf({
    inputs: { input_features: { dtype: "float32", dims: ["batch", BINS, FRAMES] } },
    constants: { near: normals([WIDTH, BINS, 3], 3, 0.2) },
    nodes: [
      ["Conv", ["input_features", "near"], ["mixed"], { kernel_shape: [3], pads: [1, 1] }],
      ["Tanh", ["mixed"], ["active"]],
      ["GlobalAveragePool", ["active"], ["pooled"]],
      ["Flatten", ["pooled"], ["features"]],
    ],
    outputs: ["features"],
    declared: { features: { dtype: "float32", dims: ["batch", WIDTH] } },
  });
  mkdirSync(join(path, "onnx"), { recursive: true });
  writeFileSync(join(path, "onnx/model.onnx"), encodeModel(modelOf(graph)));
  const preprocessor = {
    feature_extractor_type: "WhisperFeatureExtractor",
    feature_size: BINS,
    hop_length: 320,
    chunk_length: 1,
  };
  writeFileSync(join(path, "preprocessor_config.json"), JSON.stringify(preprocessor));
}

/** Folders `high` and `low` of tones of some length and loudness in noise. */
function writeSounds(path: string, perClass: number, seed: number): void {
  const random = createRandom(seed);
  for (const [name, hertz] of Object.entries(TONES)) {
    mkdirSync(join(path, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const [loudness, phase] = [0.2 + 0.6 * random.next(), random.next()];
      const wave = Float64Array.from({ length: Math.round(RATE * (0.3 + 0.5 * random.next())) }, (_, t) => {
        const turns = (hertz * t) / RATE + phase;
        return loudness * Math.sin(2 * Math.PI * turns) + 0.02 * random.normal();
      });
      writeFileSync(join(path, name, `${i}.wav`), wavOf(wave));
    }
  }
}

/** A WAV file of 16 bits and one channel. */
function wavOf(wave: Float64Array): Uint8Array {
  const bytes = new Uint8Array(44 + 2 * wave.length);
  const view = new DataView(bytes.buffer);
  const text = (offset: number, letters: string) => bytes.set(new TextEncoder().encode(letters), offset);
  text(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * wave.length, true);
  for (const [i, v] of wave.entries())
    view.setInt16(44 + 2 * i, Math.round(Math.max(-1, Math.min(1, v)) * 32767), true);
  return bytes;
}
