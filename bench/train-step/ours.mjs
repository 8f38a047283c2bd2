/**
 * Our training step, for bench/train-step.mjs: ours.mjs FOLDER NAME THREADS
 *
 * Speaks the same protocol as bench/rivals/train_step.py; {"do": "compare", path, places} measures our gradients of the
 * first batch against those in a file.
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { createInterface } from "node:readline";
import { loadModel } from "../../dist/onnx/load.js";
import { createOptimizer } from "../../dist/optim/create-optimizer.js";
import { storedTensors } from "../../dist/passes/parameters.js";
import { nodeFiles } from "../../dist/platform/node-files.js";
import { openRuntime } from "../../dist/runtime/runtime.js";
import { decodeSafetensors } from "../../dist/tensor/safetensors.js";
import { createEvaluator } from "../../dist/training/constant-evaluator.js";
import { TrainingSessions } from "../../dist/training/sessions.js";
import { buildTrainingGraph } from "../../dist/training/training-graph.js";

/** Gradients this much smaller than the model's largest are rounding, as of a bias that softmax cancels. */
const FLOOR = 1e-4;

const [, , root, name, threads] = process.argv;
const folder = `${root}/${name}`;
const runtime = await openRuntime({ prefer: "native", threads: Number(threads) });
const { tensors } = decodeSafetensors(readFileSync(`${folder}/batch.safetensors`), "batch");
const { targets, ...inputs } = Object.fromEntries(tensors);
const model = await loadModel(`${folder}/model.onnx`, nodeFiles);
const graph = await buildTrainingGraph(model, {
  inputShapes: new Map(Object.entries(inputs).map(([key, t]) => [key, t.dims])),
  loss: "cross-entropy",
  logits: "logits",
  trainable: storedTensors(model).filter((t) => t.constantBecause === null),
  evaluate: createEvaluator(runtime),
});
const optimizer = await createOptimizer({
  parameters: graph.parameters.map((p) => ({
    name: p.name,
    shape: p.type.dims,
    role: "other",
    initial: p.source.constant.data,
  })),
  update: { rule: "adam" },
  anchor: { rule: "weight-decay", strength: 0.01 },
});
const sessions = await TrainingSessions.open(runtime, [graph], optimizer, { logits: "logits", seed: 0 });
const batch = { inputs: new Map(Object.entries(inputs)), targets };

const answers = {
  async compare({ path, places }) {
    const loss = await sessions.step(batch);
    const file = openSync(path, "r");
    const differences = Object.entries(places).map(([key, [offset, length]]) => {
      const theirs = new Float32Array(length);
      readSync(file, new Uint8Array(theirs.buffer), 0, 4 * length, offset);
      const ours = optimizer.gradients.get(key);
      return { key, size: largest(theirs), difference: ours ? largestDifference(ours, theirs) : Infinity };
    });
    closeSync(file);
    const floor = FLOOR * Math.max(...differences.map((d) => d.size));
    const errors = differences.map((d) => ({ key: d.key, error: d.difference / Math.max(d.size, floor) }));
    const worst = errors.reduce((a, b) => (a.error > b.error ? a : b));
    return { ...worst, tensors: errors.length, loss };
  },
  async step() {
    const start = performance.now();
    const loss = await sessions.step(batch);
    const between = performance.now();
    optimizer.step({ lr: 1e-5, guard: false });
    const end = performance.now();
    return { loss, backward: between - start, optimizer: end - between };
  },
  async memory() {
    return { mib: Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024 };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  console.log(JSON.stringify(await answers[request.do](request)));
}

function largest(values) {
  let found = 0;
  for (const v of values) found = Math.max(found, Math.abs(v));
  return found;
}

function largestDifference(a, b) {
  let found = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < b.length; i++) found = Math.max(found, Math.abs(a[i] - b[i]));
  return found;
}
