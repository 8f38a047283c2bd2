import { expect, test } from "vitest";
import { encodeModel } from "../src/onnx/encode.ts";
import { storedTensors } from "../src/passes/parameters.ts";
import { openRuntime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { int64s, type Tensor, tensor } from "../src/tensor/tensor.ts";
import { createEvaluator } from "../src/training/constant-evaluator.ts";
import { buildTrainingGraph } from "../src/training/training-graph.ts";
import { graphOf, modelOf } from "./support/graph-of.ts";

const TOLERANCE = 1e-5; // of float32 sums of 128 products

function random(...dims: number[]): Tensor {
  const { next } = createRandom(1);
  return tensor(
    "float32",
    dims,
    Float32Array.from({ length: dims.reduce((a, d) => a * d, 1) }, () => next() - 0.5),
  );
}

/** Position embeddings of a vision transformer: a table for 5×5 patches, resized to the 4×4 of the image, added to them. */
const positions = (opset: number) =>
  modelOf(
    graphOf({
      inputs: { x: { dtype: "float32", dims: ["batch", 16, 8] } },
      constants: {
        table: random(1, 25, 8),
        w: random(128, 3),
        square: int64s([1, 5, 5, 8]),
        sizes: int64s([1, 8, 4, 4]),
        list: int64s([1, 16, 8]),
      },
      nodes: [
        ["Reshape", ["table", "square"], ["map"]],
        ["Transpose", ["map"], ["nchw"], { perm: [0, 3, 1, 2] }],
        [
          "Resize",
          ["nchw", "", "", "sizes"],
          ["resized"],
          { mode: "cubic", coordinate_transformation_mode: "half_pixel" },
        ],
        ["Transpose", ["resized"], ["nhwc"], { perm: [0, 2, 3, 1] }],
        ["Reshape", ["nhwc", "list"], ["positions"]],
        ["Add", ["x", "positions"], ["embedded"]],
        ["Flatten", ["embedded"], ["flat"], { axis: 1 }],
        ["MatMul", ["flat", "w"], ["logits"]],
      ],
      outputs: ["logits"],
    }),
    opset,
  );

test.each([13, 18, 21])(
  "at opset %i a table of positions behind a cubic Resize is trained at full graph optimisation",
  async (opset) => {
    const runtime = await openRuntime({ prefer: "native", threads: 1 });
    const model = positions(opset);
    const x = random(2, 16, 8);
    const before = await runtime.createSession(encodeModel(model), { optimization: "basic" });
    const want = (await before.run(new Map([["x", x]]))).get("logits")!;
    const trainable = storedTensors(model).filter((t) => t.constantBecause === null);
    expect(trainable.map((t) => t.name)).toEqual(["table", "w"]);

    const graph = await buildTrainingGraph(model, {
      inputShapes: new Map([["x", [2, 16, 8]]]),
      loss: "cross-entropy",
      logits: "logits",
      trainable,
      evaluate: createEvaluator(runtime),
    });
    const session = await runtime.createSession(graph.trainingModel);
    const out = await session.run(
      new Map([
        ["x", x],
        ["targets", int64s([0, 2])],
        ...trainable.map((t) => [t.name, t.value.constant!] as const),
      ]),
    );
    expect(out.get("table_grad")?.dims).toEqual([1, 25, 8]);
    const got = out.get("logits")!;
    want.data.forEach((w, i) => {
      expect(Math.abs(Number(w) - Number(got.data[i]))).toBeLessThan(TOLERANCE);
    });
  },
);
