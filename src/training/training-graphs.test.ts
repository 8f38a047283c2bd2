import { beforeAll, expect, test } from "vitest";
import { normals } from "../../test/support/gradients-of.ts";
import { graphOf, modelOf } from "../../test/support/graph-of.ts";
import type { Batch } from "../data/loader.ts";
import { decodeModel } from "../onnx/decode.ts";
import { encodeModel } from "../onnx/encode.ts";
import type { Model } from "../onnx/model.ts";
import { createOptimizer } from "../optim/create-optimizer.ts";
import { storedTensors } from "../passes/parameters.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { narrowed } from "../tensor/half-tensor.ts";
import { scalar, tensor } from "../tensor/tensor.ts";
import { createEvaluator } from "./constant-evaluator.ts";
import { TrainingSessions } from "./sessions.ts";
import { initialOf } from "./training-graph.ts";
import { type BatchShapes, buildTrainingGraphs, type TrainingGraphs } from "./training-graphs.ts";

const WIDTH = 6;
const ROWS = 3;
const TEXTS = [
  [3, 1, 4],
  [1, 5, 9, 2, 6],
  [5, 3, 5, 8, 9, 7, 9],
];
let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

/** One layer of attention under a mask, on token and position embeddings, read at the first token: logits [batch, 2]. */
function attention(): Model {
  const ids = { dtype: "int64", dims: ["batch", "sequence"] } as const;
  const weight = (seed: number, ...dims: number[]) => normals(dims, seed, 0.7);
  return modelOf(
    graphOf({
      inputs: { ids, mask: ids },
      constants: {
        words: weight(1, 10, WIDTH),
        places: narrowed(weight(2, 32, WIDTH), "float16"),
        query: weight(3, WIDTH, WIDTH),
        key: weight(4, WIDTH, WIDTH),
        value: weight(5, WIDTH, WIDTH),
        out: weight(6, WIDTH, 2),
        zero: scalar("int64", 0),
        one: scalar("int64", 1),
        last: tensor("int64", [1], BigInt64Array.of(1n)),
        unit: scalar("float32", 1),
        far: scalar("float32", -1e9),
        first: scalar("int64", 0),
      },
      nodes: [
        ["Gather", ["words", "ids"], ["embedded"]],
        ["Shape", ["ids"], ["shape"]],
        ["Gather", ["shape", "one"], ["length"]],
        ["Range", ["zero", "length", "one"], ["range"]],
        ["Gather", ["places", "range"], ["narrow"]],
        ["Cast", ["narrow"], ["placed"], { to: 1 }],
        ["Add", ["embedded", "placed"], ["x"]],
        ["MatMul", ["x", "query"], ["q"]],
        ["MatMul", ["x", "key"], ["k"]],
        ["MatMul", ["x", "value"], ["v"]],
        ["Transpose", ["k"], ["kt"], { perm: [0, 2, 1] }],
        ["MatMul", ["q", "kt"], ["scores"]],
        ["Cast", ["mask"], ["counts"], { to: 1 }],
        ["Sub", ["unit", "counts"], ["hidden"]],
        ["Mul", ["hidden", "far"], ["bias"]],
        ["Unsqueeze", ["bias", "last"], ["biases"]],
        ["Add", ["scores", "biases"], ["masked"]],
        ["Softmax", ["masked"], ["p"], { axis: -1 }],
        ["MatMul", ["p", "v"], ["mixed"]],
        ["Gather", ["mixed", "first"], ["pooled"], { axis: 1 }],
        ["Tanh", ["pooled"], ["feature"]],
        ["MatMul", ["feature", "out"], ["logits"]],
      ],
      outputs: ["logits"],
      declared: { logits: { dtype: "float32", dims: ["batch", 2] } },
    }),
  );
}

const shapesOf = (length: number): BatchShapes =>
  new Map([
    ["ids", [ROWS, length]],
    ["mask", [ROWS, length]],
  ]);

function batchOf(length: number): Batch {
  const ids = new BigInt64Array(ROWS * length);
  const mask = new BigInt64Array(ROWS * length);
  for (const [r, text] of TEXTS.entries())
    for (const [t, id] of text.entries()) {
      ids[r * length + t] = BigInt(id);
      mask[r * length + t] = 1n;
    }
  return {
    cursor: { epoch: 0, batch: 0 },
    next: { epoch: 0, batch: 1 },
    inputs: new Map([
      ["ids", tensor("int64", [ROWS, length], ids)],
      ["mask", tensor("int64", [ROWS, length], mask)],
    ]),
    targets: tensor("int64", [ROWS], BigInt64Array.of(0n, 1n, 0n)),
    indices: [0, 1, 2],
    count: ROWS,
  };
}

async function build(lengths: readonly number[], largestStored?: number): Promise<TrainingGraphs> {
  const model = decodeModel(encodeModel(attention()));
  return buildTrainingGraphs(model, {
    shapes: lengths.map(shapesOf),
    loss: "cross-entropy",
    logits: "logits",
    trainable: storedTensors(model).filter((t) => t.constantBecause === null && /^[wqkvo]/.test(t.name)),
    evaluate: createEvaluator(runtime),
    ...(largestStored === undefined ? {} : { largestStored }),
  });
}

test("batches filled up to any length read the same parameters, and give the same loss, gradients and logits", async () => {
  const graphs = await build([32, 8, 16], 64); // so little that frozen weights are fed
  expect(graphs[0].frozen.size).toBeGreaterThan(0);
  for (const { frozen } of graphs) expect(frozen.get("places")).toBe(graphs[0].frozen.get("places"));
  const optimizer = await createOptimizer({
    parameters: graphs[0].parameters.map((p) => ({
      name: p.name,
      shape: p.type.dims,
      role: "other",
      initial: initialOf(p).data,
    })),
    update: { rule: "adam" },
    anchor: { rule: "spd", at: "init" },
  });
  const sessions = await TrainingSessions.open(runtime, graphs, optimizer, { logits: "logits", seed: 0 });
  for (let step = 0; step < 3; step++) {
    const seen = [];
    for (const length of [8, 16, 32]) {
      const loss = await sessions.step(batchOf(length));
      const gradients = new Map([...optimizer.gradients].map(([name, g]) => [name, g.slice()]));
      seen.push({ loss, gradients, logits: (await sessions.predict(batchOf(length))).data.slice() });
    }
    const [short, ...longer] = seen;
    for (const { loss, gradients, logits } of longer) {
      expect(Math.abs(loss - short!.loss)).toBeLessThan(1e-6);
      expect(distance(logits, short!.logits)).toBeLessThan(1e-6);
      for (const [name, g] of gradients)
        expect(distance(g, short!.gradients.get(name)!), name).toBeLessThan(2e-6);
    }
    optimizer.step({ lr: 0.05 });
  }
  await expect(sessions.step(batchOf(24))).rejects.toThrow(
    /no training graph takes a batch of ids \[3, 24\]/,
  );
  await sessions.release();
});

test("a length that the model cannot take is refused with the remedy", async () => {
  await expect(build([16, 40])).rejects.toThrow(
    /trains on batches of "ids" \[3, 16\], but not of "ids" \[3, 40\]: [\s\S]*--preprocess.buckets 1/,
  );
});

/** Largest difference, of the largest value. */
function distance(a: Float32Array, b: Float32Array): number {
  const scale = Math.max(...b.map(Math.abs), 1e-3);
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]!))) / scale;
}
