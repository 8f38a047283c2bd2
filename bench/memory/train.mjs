/**
 * One real training of a model, for bench/memory.mjs: train.mjs SETTINGS (JSON)
 *
 *     {"model": path, "shapes": {input: dims}, "output": name, "steps": 6, "threads": 2}
 *
 * Adam + SPD on every weight, mean square against zeros, random inputs; then the values of the best model are kept, as
 * a run does at its first evaluation. Prints resident MiB after each stage, and the most that there ever was.
 */
import { readFileSync } from "node:fs";
import { loadModel } from "../../dist/onnx/load.js";
import { createOptimizer } from "../../dist/optim/create-optimizer.js";
import { nodeFiles } from "../../dist/platform/node-files.js";
import { openRuntime } from "../../dist/runtime/runtime.js";
import { createRandom } from "../../dist/tensor/random.js";
import { tensor, zeros } from "../../dist/tensor/tensor.js";
import { chooseTrainable } from "../../dist/training/choose-trainable.js";
import { createEvaluator } from "../../dist/training/constant-evaluator.js";
import { TrainingSessions } from "../../dist/training/sessions.js";
import { buildTrainingGraph } from "../../dist/training/training-graph.js";

const { model: path, shapes, output, steps, threads } = JSON.parse(process.argv[2]);
const stages = {};
const mark = (name) => {
  stages[name] = Math.round(memory("VmRSS"));
};

mark("started");
const runtime = await openRuntime({ prefer: "native", threads });
mark("runtime");
const model = await loadModel(path, nodeFiles);
mark("model");
const graph = await buildTrainingGraph(model, {
  inputShapes: new Map(Object.entries(shapes)),
  loss: "mse",
  logits: output,
  trainable: chooseTrainable(model, "all"),
  evaluate: createEvaluator(runtime),
});
mark("graph");
const optimizer = await createOptimizer({
  parameters: graph.parameters.map((p) => ({
    name: p.name,
    shape: p.type.dims,
    role: "other",
    initial: p.source.constant.data,
    anchor: "init",
  })),
  update: { rule: "adam" },
  anchor: { rule: "spd", at: "init" },
});
mark("optimizer");
const sessions = await TrainingSessions.open(runtime, [graph], optimizer, { logits: output, seed: 0 });
mark("sessions");
const random = createRandom(1);
const inputs = new Map([...graph.inputs].map(([name, type]) => [name, fill(type)]));
const batch = { inputs, targets: zeros(graph.targets.dtype, graph.targets.dims) };
const peaks = [];
for (let step = 0; step < steps; step++) {
  await sessions.step(batch);
  optimizer.step({ lr: 1e-6, guard: false });
  if (step === 0) sessions.kept = sessions.snapshot();
  peaks.push(Math.round(memory("VmHWM")));
}
mark("steps");
console.log(JSON.stringify({ peak: memory("VmHWM"), stages, peaks, parameters: graph.parameters.length }));

/** Small values that fit any input: token ids and masks of 0 and 1, or numbers between 0 and 1. */
function fill({ dtype, dims }) {
  const t = zeros(dtype, dims);
  const isBig = dtype === "int64" || dtype === "uint64";
  for (let i = 0; i < t.data.length; i++) {
    const x = random.next();
    t.data[i] = isBig ? BigInt(x < 0.5) : dtype.startsWith("float") ? x : Number(x < 0.5);
  }
  return tensor(dtype, dims, t.data);
}

/** MiB that the kernel states for this process: VmRSS now, VmHWM at most. */
function memory(what) {
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
}
