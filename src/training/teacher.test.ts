import { beforeAll, describe, expect, test } from "vitest";
import { decodeModel } from "../onnx/decode.ts";
import { valueNamed } from "../onnx/edit.ts";
import { storedTensors } from "../passes/parameters.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import type { Session } from "../runtime/session.ts";
import { createRandom } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { createEvaluator } from "./constant-evaluator.ts";
import type { Distillation } from "./teacher.ts";
import { createTinyModel } from "./tiny-model.fixtures.ts";
import { buildTrainingGraph, type TrainingGraph } from "./training-graph.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

const BATCH = 4;
/** Of a difference: small enough that few of the ReLUs change sides within it. */
const STEP = 0.002;
const random = createRandom(3);
const images = tensor(
  "float32",
  [BATCH, 1, 8, 8],
  Float32Array.from({ length: BATCH * 64 }, () => random.normal()),
);
/** The last row is padding. */
const targets = tensor("int64", [BATCH], BigInt64Array.of(0n, 2n, 1n, -100n));

async function build(term?: Omit<Distillation, "at"> & { at: string }): Promise<TrainingGraph> {
  const model = decodeModel(createTinyModel());
  for (const node of model.graph.nodes) node.name = `a.${node.opType}`; // as exporters do, and ONNX Runtime minds
  const evaluate = createEvaluator(runtime);
  return buildTrainingGraph(model, {
    inputShapes: new Map([["image", images.dims]]),
    loss: "cross-entropy",
    logits: "logits",
    trainable: storedTensors(model).filter((t) => t.constantBecause === null),
    evaluate,
    ...(term ? { distillation: { ...term, at: valueNamed(model.graph, term.at) } } : {}),
  });
}

const featureName = () => decodeModel(createTinyModel()).graph.outputs[0]!.producer!.inputs[0]!.name;

/** The stored weights, moved a little, so that student and teacher differ. */
function moved(graph: TrainingGraph, by: number): Map<string, Tensor> {
  const noise = createRandom(9);
  return new Map(
    graph.parameters.map(({ name, source }) => {
      const { dims, data } = source.constant!;
      const values = Float32Array.from(data as Float32Array, (v) => v + by * noise.normal());
      return [name, tensor("float32", dims, values)];
    }),
  );
}

async function loss(session: Session, weights: ReadonlyMap<string, Tensor>, rows = images): Promise<number> {
  const feeds = new Map<string, Tensor>([...weights, ["image", rows], ["targets", targets]]);
  return (await session.run(feeds, { outputs: ["loss"] })).get("loss")!.data[0] as number;
}

describe.each([
  { kind: "logits", at: "logits" },
  { kind: "features", at: "" },
] as const)("distillation of $kind", ({ kind, at }) => {
  const term = () => ({ kind, at: at || featureName(), strength: 0.7, temperature: 3 });

  test("costs nothing at the start, and only the training model has it", async () => {
    const [plain, held] = [await build(), await build(term())];
    const weights = moved(plain, 0);
    const session = await runtime.createSession(held.trainingModel);
    const without = await runtime.createSession(plain.trainingModel);
    expect(await loss(session, weights)).toBeCloseTo(await loss(without, weights), 6);
    expect(held.evalModel.length).toBe(plain.evalModel.length);
    const far = moved(plain, 0.3);
    expect(await loss(session, far)).toBeGreaterThan((await loss(without, far)) + 1e-3);
    await Promise.all([session.release(), without.release()]);
  });

  test("has the gradients that differences of the loss have", async () => {
    const graph = await build(term());
    const session = await runtime.createSession(graph.trainingModel);
    const weights = moved(graph, 0.3);
    const feeds = new Map<string, Tensor>([...weights, ["image", images], ["targets", targets]]);
    const gradients = await session.run(feeds);
    for (const { name } of graph.parameters) {
      const data = weights.get(name)!.data as Float32Array;
      for (const i of [0, data.length - 1]) {
        const value = data[i]!;
        const sides: number[] = [];
        for (const step of [STEP, -STEP]) {
          data[i] = value + step;
          sides.push(await loss(session, weights));
        }
        data[i] = value;
        const numeric = (sides[0]! - sides[1]!) / (2 * STEP);
        expect(gradients.get(`${name}_grad`)!.data[i], `${name}[${i}]`).toBeCloseTo(numeric, 2);
      }
    }
    await session.release();
  });

  test("leaves padded rows out", async () => {
    const graph = await build(term());
    const session = await runtime.createSession(graph.trainingModel);
    const weights = moved(graph, 0.3);
    const other = tensor("float32", images.dims, images.data.slice());
    other.data.fill(5, 3 * 64);
    expect(await loss(session, weights, other)).toBeCloseTo(await loss(session, weights), 6);
    await session.release();
  });
});

test("the distance of probabilities is the KL divergence that the definition gives", async () => {
  const graph = await build({ kind: "logits", at: "logits", strength: 1, temperature: 3 });
  const plain = await build();
  const [session, without] = [
    await runtime.createSession(graph.trainingModel),
    await runtime.createSession(plain.trainingModel),
  ];
  const logitsOf = async (weights: ReadonlyMap<string, Tensor>) => {
    const feeds = new Map<string, Tensor>([...weights, ["image", images], ["targets", targets]]);
    return (await without.run(feeds, { outputs: ["logits"] })).get("logits")!.data as Float32Array;
  };
  const [start, far] = [moved(graph, 0), moved(graph, 0.3)];
  const softened = (logits: Float32Array, row: number) => {
    const exp = [...logits.subarray(3 * row, 3 * row + 3)].map((z) => Math.exp(z / 3));
    const sum = exp.reduce((a, b) => a + b);
    return exp.map((e) => e / sum);
  };
  const [z0, z] = [await logitsOf(start), await logitsOf(far)];
  const kl = [0, 1, 2].map((row) => {
    const [p0, p] = [softened(z0, row), softened(z, row)];
    return p0.reduce((sum, q, c) => sum + q * Math.log(q / p[c]!), 0);
  });
  const want = (9 * (kl[0]! + kl[1]! + kl[2]!)) / 3;
  expect((await loss(session, far)) - (await loss(without, far))).toBeCloseTo(want, 5);
  await Promise.all([session.release(), without.release()]);
});
