import { expect, it } from "vitest";
import { createOptimizer } from "../src/optim/create-optimizer.ts";
import { onnxModel } from "../src/runtime/onnx-models.fixtures.ts";
import { openRuntime } from "../src/runtime/runtime.ts";
import { tensor } from "../src/tensor/tensor.ts";

const FLOAT = 1;

/** w_grad = w − target: the gradient of ½ ‖w − target‖². */
const quadratic = onnxModel({
  nodes: [{ op: "Sub", inputs: ["w", "target"], outputs: ["w_grad"] }],
  inputs: ["w", "target"].map((name) => ({ name, type: FLOAT, dims: [1000] })),
  outputs: [{ name: "w_grad", type: FLOAT, dims: [1000] }],
});

it("ONNX Runtime reads parameters and writes gradients where the optimizer keeps them", async () => {
  const shape = [1000];
  const optimizer = await createOptimizer({
    parameters: [{ name: "w", shape, role: "other", initial: new Float32Array(1000).fill(3) }],
    update: { rule: "adam" },
    anchor: { rule: "spd", at: "init" },
  });
  const runtime = await openRuntime({ prefer: "native" });
  const session = await runtime.createSession(quadratic);
  const w = tensor("float32", shape, optimizer.parameters.get("w")!);
  const gradient = tensor("float32", shape, optimizer.gradients.get("w")!);
  const target = tensor("float32", shape, new Float32Array(1000).fill(1));
  const feeds = new Map([
    ["w", w],
    ["target", target],
  ]);
  for (let step = 0; step < 300; step++) {
    await session.run(feeds, { into: new Map([["w_grad", gradient]]) });
    if (step === 0) expect([...gradient.data.subarray(0, 2)]).toEqual([2, 2]);
    optimizer.step({ lr: 0.05 * (1 - step / 300) });
  }
  expect(w.data[0]).toBeCloseTo(1, 2);
  await session.release();
});
