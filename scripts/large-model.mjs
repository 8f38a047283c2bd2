// A model of 3 GB in four files: loaded, inspected, some of its weights trained for three steps, written back.
//
//   npm run build && node scripts/large-model.mjs [--python PYTHON] [--layers 48] [--trainable REGEX]
//
// Prints time and memory (resident, and the most so far) after each part. Takes 7 GB of disk under the system's folder for
// temporary files, which are deleted at the end, and about 8 GB of memory.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setConstant } from "../dist/onnx/edit.js";
import { loadModel } from "../dist/onnx/load.js";
import { saveModel } from "../dist/onnx/save.js";
import { nodeFiles } from "../dist/platform/node-files.js";
import { openRuntime } from "../dist/runtime/runtime.js";
import { createRandom } from "../dist/tensor/random.js";
import { tensor } from "../dist/tensor/tensor.js";
import { chooseTrainable } from "../dist/training/choose-trainable.js";
import { createEvaluator } from "../dist/training/constant-evaluator.js";
import { inspectModel } from "../dist/training/inspect.js";
import { buildTrainingGraph, initialOf } from "../dist/training/training-graph.js";

const { values: flags } = parseArgs({
  options: {
    python: { type: "string", default: process.env.PYTHON ?? "python3" },
    layers: { type: "string", default: "48" },
    trainable: { type: "string", default: "" },
  },
});
const BATCH = 2;
const STEPS = 3;
const RATE = 100;

const layers = Number(flags.layers);
const trainable = flags.trainable || `^layer(${layers - 2}|${layers - 1})\\.weight$`;
const folder = mkdtempSync(join(tmpdir(), "holdfast-large-"));
let since = performance.now();
try {
  execFileSync(flags.python, [join(import.meta.dirname, "large-model.py"), folder, "--layers", flags.layers]);
  report("written");
  const model = await loadModel(join(folder, "model.onnx"), nodeFiles);
  report("loaded");
  const width = model.graph.initializers[0].constant.dims[0];
  const inputShapes = new Map([["x", [BATCH, width]]]);
  const runtime = await openRuntime({ prefer: "native" });
  const { problem, memory } = await inspectModel(model, { runtime, inputShapes, trainable });
  report(`inspected: problem ${problem}, ${gigabytes(memory.total)} foretold`);
  const graph = await buildTrainingGraph(model, {
    inputShapes,
    loss: "mse",
    logits: model.graph.outputs[0].name,
    trainable: chooseTrainable(model, trainable),
    evaluate: createEvaluator(runtime),
  });
  report(`training graph of ${graph.trainingModel.length} bytes, ${graph.frozen.size} frozen weights fed`);
  await train(runtime, graph, width);
  const out = join(folder, "out");
  await saveModel(model, join(out, "model.onnx"), nodeFiles);
  report("written back");
  await compare(folder, out, graph);
} finally {
  rmSync(folder, { recursive: true });
}

async function train(runtime, graph, width) {
  const session = await runtime.createSession(graph.trainingModel, { name: "training model" });
  report("session open");
  const random = createRandom(1);
  const numbers = () =>
    tensor(
      "float32",
      [BATCH, width],
      Float32Array.from({ length: BATCH * width }, () => random.normal()),
    );
  const weights = new Map(graph.parameters.map((p) => [p.name, initialOf(p)]));
  const feeds = new Map([["x", numbers()], ["targets", numbers()], ...graph.frozen]);
  for (let step = 1; step <= STEPS; step++) {
    const results = await session.run(new Map([...feeds, ...weights]));
    for (const [name, t] of weights) {
      const gradient = results.get(`${name}_grad`).data;
      weights.set(name, { ...t, data: t.data.map((v, i) => v - RATE * gradient[i]) });
    }
    report(`step ${step}: loss ${results.get("loss").data[0]}`);
  }
  await session.release();
  for (const p of graph.parameters) setConstant(p.source, weights.get(p.name));
}

/** The files of weights that were not trained are the same, the others are not. */
async function compare(before, after, graph) {
  const changed = [];
  for (const name of readdirSync(before).filter((n) => n.includes("_data"))) {
    const [a, b] = [await hash(join(before, name)), await hash(join(after, name))];
    if (a !== b) changed.push(name);
  }
  const same = readFileSync(join(before, "model.onnx")).equals(readFileSync(join(after, "model.onnx")));
  report(
    `${graph.parameters.length} weights trained; files that differ: ${changed.join(", ")}; model.onnx ${same ? "alike" : "CHANGED"}`,
  );
}

async function hash(path) {
  const sum = createHash("sha1");
  for await (const piece of createReadStream(path)) sum.update(piece);
  return sum.digest("hex");
}

function report(what) {
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  const most = process.resourceUsage().maxRSS * 1024;
  console.log(
    `${seconds.padStart(6)} s  ${gigabytes(process.memoryUsage().rss)} (most ${gigabytes(most)})  ${what}`,
  );
  since = performance.now();
}

function gigabytes(bytes) {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
