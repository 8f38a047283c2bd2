// Builds one training model from an exported model and a batch of inputs, with the library as it is built in dist/.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readNpz } from "../dist/data/formats/npy.js";
import { loadModel } from "../dist/onnx/load.js";
import { storedTensors } from "../dist/passes/parameters.js";
import { nodeFiles } from "../dist/platform/node-files.js";
import { openRuntime } from "../dist/runtime/runtime.js";
import { createEvaluator } from "../dist/training/constant-evaluator.js";
import { buildTrainingGraph } from "../dist/training/training-graph.js";

let runtime;

export async function buildConformanceCase(folder, file) {
  runtime ??= await openRuntime({ prefer: "native" });
  const started = performance.now();
  const meta = JSON.parse(readFileSync(join(folder, "meta.json"), "utf8"));
  const model = await loadModel(join(folder, "model.onnx"), nodeFiles);
  const inputs = await readNpz(nodeFiles, join(folder, "inputs.npz"));
  const graph = await buildTrainingGraph(model, {
    inputShapes: new Map([...inputs].map(([name, tensor]) => [name, tensor.dims])),
    loss: meta.loss.kind === "cross_entropy" ? "cross-entropy" : "mse",
    logits: meta.loss.output ?? model.graph.outputs[0].name,
    lossOptions: { classAxis: meta.loss.class_axis ?? -1, ignoreIndex: meta.loss.ignore_index ?? -100 },
    trainable: storedTensors(model).filter((t) => t.constantBecause === null),
    evaluate: createEvaluator(runtime),
  });
  writeFileSync(file, graph.trainingModel);
  return { seconds: (performance.now() - started) / 1000 };
}
