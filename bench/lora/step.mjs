// One kind of LoRA training steps in a process of its own: node step.mjs FOLDER ROWS LENGTH RANK STEPS THREADS
// Prints a line of JSON: seconds to be ready, seconds of each step, losses, the most memory the process ever held.

import { parseConfig } from "../../dist/config/parse.js";
import { loadModel } from "../../dist/onnx/load.js";
import { nodeFiles } from "../../dist/platform/node-files.js";
import { joinPath } from "../../dist/platform/paths.js";
import { openRuntime } from "../../dist/runtime/runtime.js";
import { tasks } from "../../dist/tasks/registry.js";
import { createRandom } from "../../dist/tensor/random.js";
import { tensor } from "../../dist/tensor/tensor.js";
import { adapterGraphOptions } from "../../dist/training/adapters.js";
import { createEvaluator } from "../../dist/training/constant-evaluator.js";
import { openOptimizer } from "../../dist/training/open-optimizer.js";
import { prepareNetwork } from "../../dist/training/prepare-network.js";
import { TrainingSessions } from "../../dist/training/sessions.js";
import { buildTrainingGraphs } from "../../dist/training/training-graphs.js";

const [folder, ...numbers] = process.argv.slice(2);
const [rows, length, rank, steps, threads, vocabulary] = numbers.map(Number);
const started = performance.now();
const runtime = await openRuntime({ prefer: "native", threads });
const path = joinPath(folder, "model.onnx");
const model = await loadModel(path, nodeFiles);
const config = parseConfig({
  ...{ model: path, data: "none", out: "none", task: "causal-lm", method: "lora" },
  peft: { rank, targets: "all-linear" },
  optimizer: { lr: 1e-3 },
});
const dims = [rows, length];
const inputShapes = new Map([
  ["input_ids", dims],
  ["attention_mask", dims],
]);
const evaluate = createEvaluator(runtime);
const network = await prepareNetwork(model, {
  ...{ config, task: tasks["causal-lm"], labels: null, evaluate },
  data: { classes: [], width: 0, inputShapes, targetDims: [length] },
});
const graphs = await buildTrainingGraphs(model, {
  ...{ shapes: [inputShapes], loss: "cross-entropy", logits: network.judged, evaluate },
  trainable: network.trainable,
  ...adapterGraphOptions(network.adapters),
});
const [graph] = graphs;
network.restoreOutputs();
const optimizer = await openOptimizer(config, { graph, network, files: nodeFiles });
const sessions = await TrainingSessions.open(runtime, graphs, optimizer, { logits: network.judged, seed: 0 });

const random = createRandom(1);
const ids = BigInt64Array.from({ length: rows * length }, () => BigInt(random.integer(vocabulary)));
const targets = BigInt64Array.from({ length: rows * length }, (_, i) =>
  i % length === length - 1 ? -100n : ids[i + 1],
);
const batch = {
  ...{ cursor: { epoch: 0, batch: 0 }, next: { epoch: 0, batch: 1 }, indices: [0], count: rows },
  inputs: new Map([
    ["input_ids", tensor("int64", dims, ids)],
    ["attention_mask", tensor("int64", dims, new BigInt64Array(rows * length).fill(1n))],
  ]),
  targets: tensor("int64", dims, targets),
};
const ready = (performance.now() - started) / 1000;
const seconds = [];
const losses = [];
for (let i = 0; i < steps; i++) {
  const at = performance.now();
  losses.push(await sessions.step(batch));
  optimizer.step({ lr: 1e-3 });
  seconds.push((performance.now() - at) / 1000);
}
const trained = graph.parameters.reduce((n, p) => n + p.type.dims.reduce((a, b) => a * b, 1), 0);
const peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ ready, seconds, losses, trained, peakBytes }));
process.exit(0);
