import type { Model } from "../../src/onnx/model.ts";
import { canBeTrained } from "../../src/passes/half-precision.ts";
import { storedTensors } from "../../src/passes/parameters.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { createRandom } from "../../src/tensor/random.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { createEvaluator } from "../../src/training/constant-evaluator.ts";
import {
  buildTrainingGraph,
  initialOf,
  type TrainingGraph,
  type TrainingGraphOptions,
} from "../../src/training/training-graph.ts";

/** Normal numbers; the same for the same seed. */
export function normals(dims: readonly number[], seed: number, scale = 1): Tensor<"float32"> {
  const random = createRandom(seed);
  return tensor(
    "float32",
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => scale * random.normal()),
  );
}

export interface Gradients {
  readonly graph: TrainingGraph;
  readonly loss: number;
  readonly of: ReadonlyMap<string, Float32Array>;
}

/** Gradients of the mean squared error between the first output and zeros, by parameter. */
export async function gradientsOf(
  runtime: Runtime,
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
  trainable: RegExp = /./,
  options: Pick<TrainingGraphOptions, "largestStored"> = {},
): Promise<Gradients> {
  const graph = await buildTrainingGraph(model, {
    inputShapes: new Map(Object.entries(feeds).map(([name, t]) => [name, t.dims])),
    loss: "mse",
    logits: model.graph.outputs[0]!.name, // every model of a test has an output
    trainable: storedTensors(model).filter(
      (t) => t.constantBecause === null && canBeTrained(t.value) && trainable.test(t.name),
    ),
    evaluate: createEvaluator(runtime),
    ...options,
  });
  return { graph, ...(await runOnce(runtime, graph, feeds)) };
}

async function runOnce(runtime: Runtime, graph: TrainingGraph, feeds: Readonly<Record<string, Tensor>>) {
  const session = await runtime.createSession(graph.trainingModel, { name: "training model" });
  const given = new Map(Object.entries(feeds).filter(([name]) => graph.inputs.has(name)));
  given.set("targets", tensor("float32", graph.targets.dims, new Float32Array(sizeOf(graph.targets.dims))));
  for (const [name, t] of graph.frozen) given.set(name, t);
  for (const p of graph.parameters) given.set(p.name, initialOf(p));
  const results = await session.run(given);
  await session.release();
  const data = (name: string) => results.get(name)!.data as Float32Array; // all outputs were asked for, and are float32
  return {
    loss: data("loss")[0]!,
    of: new Map(graph.parameters.map(({ name }) => [name, data(`${name}_grad`)])),
  };
}

/** Largest difference, relative to the largest value of `want`. */
export function relativeError(got: Float32Array, want: Float32Array): number {
  const scale = want.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return want.reduce((m, v, i) => Math.max(m, Math.abs(v - got[i]!)), 0) / scale;
}
