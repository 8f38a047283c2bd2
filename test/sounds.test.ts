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

test("waves whose rate nothing says are taken as the first one has it, with a warning, and all others brought to it", async () => {
  writeWaveModel(at("waves"));
  writeSounds(at("slow"), 24, 3, 8000);
  writeSounds(at("fast"), 12, 4, 16_000);
  const notes: string[] = [];
  const run = { model: at("waves"), data: at("slow"), test: at("fast"), out: at("waved"), report: false };
  const training = { epochs: 15, batchSize: 8, optimizer: { lr: 0.03 }, head: { from: "features" } };
  await finetune(
    { ...run, ...training },
    { files: nodeFiles, runtime, onEvent: (e) => void (e.kind === "note" && notes.push(e.text)) },
  );
  expect(notes.join("\n")).toMatch(/Nothing says the sampling rate .*: 8000 Hz is taken, which .*0\.wav has/);
  const { summary } = await readRun(nodeFiles, at("waved"));
  const { accuracy, loss } = summary.sets.find((s) => s.set === "test")!.metrics;
  // Sounds of twice the rate, taken as they are, would be tones an octave lower.
  expect(accuracy).toBeGreaterThan(0.9);
  const file = JSON.parse(await nodeFiles.readText(at("waved/model/preprocessor_config.json")));
  expect(file).toMatchObject({ sampling_rate: 8000, do_normalize: false });

  const odd: string[] = [];
  const model = await DeployedModel.open(at("waved"), { files: nodeFiles, runtime });
  const onNote = (note: string) => odd.push(note);
  const judged = await evaluateModel(model, { files: nodeFiles, data: at("fast"), onNote });
  await model.release();
  expect(judged.metrics.loss).toBeCloseTo(loss!, 5);
  expect(odd).toEqual([]);
  const settings = { preprocess: { samplingRate: 16_000 } };
  const misled = await DeployedModel.open(at("waved"), { files: nodeFiles, runtime, settings });
  const other = await evaluateModel(misled, { files: nodeFiles, data: at("fast") });
  await misled.release();
  expect(other.metrics.accuracy).toBeLessThan(0.8);
}, 60_000);

/** A network of waves [batch, 1, 1600], of 0.2 seconds at 8000 Hz, to features [batch, 8]; nothing beside it. */
function writeWaveModel(path: string): void {
  writeConvolution(path, {
    input: ["input_values", ["batch", 1, 1600]],
    near: normals([WIDTH, 1, 24], 5, 0.5),
    attributes: { kernel_shape: [24], strides: [4] },
    activation: "Relu",
  });
}

/** A network of spectrograms [batch, 16, 50] to features [batch, 8], and what its preprocessor does. */
function writeModel(path: string): void {
  writeConvolution(path, {
    input: ["input_features", ["batch", BINS, FRAMES]],
    near: normals([WIDTH, BINS, 3], 3, 0.2),
    attributes: { kernel_shape: [3], pads: [1, 1] },
    activation: "Tanh",
  });
  const preprocessor = {
    feature_extractor_type: "WhisperFeatureExtractor",
    feature_size: BINS,
    hop_length: 320,
    chunk_length: 1,
  };
  writeFileSync(join(path, "preprocessor_config.json"), JSON.stringify(preprocessor));
}

/** A network of one convolution, its activation and the mean over time. */
function writeConvolution(
  path: string,
  network: {
    readonly input: readonly [name: string, dims: readonly (string | number)[]];
    /** The weight of the convolution. */
    readonly near: ReturnType<typeof normals>;
    readonly attributes: Readonly<Record<string, readonly number[]>>;
    readonly activation: string;
  },
): void {
  const [input, dims] = network.input;
  const graph = graphOf({
    inputs: { [input]: { dtype: "float32", dims } },
    constants: { near: network.near },
    nodes: [
      ["Conv", [input, "near"], ["mixed"], network.attributes],
      [network.activation, ["mixed"], ["active"]],
      ["GlobalAveragePool", ["active"], ["pooled"]],
      ["Flatten", ["pooled"], ["features"]],
    ],
    outputs: ["features"],
    declared: { features: { dtype: "float32", dims: ["batch", WIDTH] } },
  });
  mkdirSync(join(path, "onnx"), { recursive: true });
  writeFileSync(join(path, "onnx/model.onnx"), encodeModel(modelOf(graph)));
}

/** Folders `high` and `low` of tones of some length and loudness in noise. */
function writeSounds(path: string, perClass: number, seed: number, rate = RATE): void {
  const random = createRandom(seed);
  for (const [name, hertz] of Object.entries(TONES)) {
    mkdirSync(join(path, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const [loudness, phase] = [0.2 + 0.6 * random.next(), random.next()];
      const wave = Float64Array.from({ length: Math.round(rate * (0.3 + 0.5 * random.next())) }, (_, t) => {
        const turns = (hertz * t) / rate + phase;
        return loudness * Math.sin(2 * Math.PI * turns) + 0.02 * random.normal();
      });
      writeFileSync(join(path, name, `${i}.wav`), wavOf(wave, rate));
    }
  }
}

/** A WAV file of 16 bits and one channel. */
function wavOf(wave: Float64Array, rate: number): Uint8Array {
  const bytes = new Uint8Array(44 + 2 * wave.length);
  const view = new DataView(bytes.buffer);
  const text = (offset: number, letters: string) => bytes.set(new TextEncoder().encode(letters), offset);
  text(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * wave.length, true);
  for (const [i, v] of wave.entries())
    view.setInt16(44 + 2 * i, Math.round(Math.max(-1, Math.min(1, v)) * 32767), true);
  return bytes;
}
