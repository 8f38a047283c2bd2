import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../src/config/parse.ts";
import { decodeModel } from "../src/onnx/decode.ts";
import { encodeModel } from "../src/onnx/encode.ts";
import type { Model } from "../src/onnx/model.ts";
import { mergeProblems } from "../src/peft/attach.ts";
import { peftMethods } from "../src/peft/registry.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { type Tensor, tensor } from "../src/tensor/tensor.ts";
import {
  type Adapters,
  adapterGraphOptions,
  adapterTensors,
  attachAdapters,
  bakeAdapters,
} from "../src/training/adapters.ts";
import { createEvaluator } from "../src/training/constant-evaluator.ts";
import { buildTrainingGraph, initialOf } from "../src/training/training-graph.ts";

// Every method on a tiny LLaMA whose frozen weights are stored in each of the ways that decoders come in: in float32, in
// half floats, in four bits (MatMulNBits), and in four bits computed in half floats; scripts/goldens/peft_language.py.
const stored = ["llama-torchscript", "llama-half", "llama-q4", "llama-q4-half"] as const;
/** Largest difference of the exported file's logits relative to the largest logit: what half floats round. */
const TOLERANCE = {
  "llama-torchscript": 2e-5,
  "llama-half": 5e-3,
  "llama-q4": 2e-5,
  "llama-q4-half": 5e-3,
} as const;
/** Of central differences of a float32 loss along one direction, relative to the derivative's scale. */
const GRADIENT = 2e-2;
const STEP = 1e-2;
/** Opening a session takes longest here. */
const quick = { optimization: "disabled" } as const;

const ids = [
  [2, 5, 9, 7, 5, 9, 7, 5],
  [2, 12, 30, 12, 30, 12, 30, 1],
];
const feeds = new Map<string, Tensor>([
  ["input_ids", tensor("int64", [2, 8], BigInt64Array.from(ids.flat(), BigInt))],
  ["attention_mask", tensor("int64", [2, 8], new BigInt64Array(16).fill(1n))],
]);
const targets = tensor(
  "int64",
  [2, 8],
  BigInt64Array.from(
    ids.flatMap((row) => [...row.slice(1), -100]),
    BigInt,
  ),
);

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

describe.each(stored)("on %s", (file) => {
  test.each(peftMethods.map((m) => m.name))(
    "%s is trained, and what is written says the same",
    async (name) => {
      const zipped = await nodeFiles.read(
        `${import.meta.dirname}/../src/peft/language-fixtures/${file}.onnx.gz`,
      );
      const model = decodeModel(gunzipSync(zipped));
      const before = bytesOf(model);
      const targeted = name === "prompt" ? {} : { targets: "q_proj|down_proj", feedforward: "down_proj" };
      const config = parseConfig({
        ...{ model: "m", data: "d", out: "o", method: "adamw" },
        peft: { method: name, rank: 2, ...targeted },
      });
      const run = attachAdapters(model, config, new Set())!; // the settings name a method
      const problems = mergeProblems(run.method, run.adapters);
      const graph = await buildTrainingGraph(model, {
        inputShapes: new Map([...feeds].map(([input, { dims }]) => [input, dims])),
        ...{ loss: "cross-entropy", logits: "logits", trainable: adapterTensors(run) },
        evaluate: createEvaluator(runtime),
        ...adapterGraphOptions(run),
      });
      expect(graph.unreachable).toEqual([]);
      const values = new Map(graph.parameters.map((p) => [p.name, shaken(initialOf(p))]));
      const all = () => new Map<string, Tensor>([...feeds, ["targets", targets], ...values]);
      const training = await runtime.createSession(graph.trainingModel, quick);
      const judging = await runtime.createSession(graph.evalModel, quick);
      const loss = async () => Number((await judging.run(all(), { outputs: ["loss"] })).get("loss")!.data[0]);

      const first = await training.run(all());
      for (const [parameter, slope] of await slopes(run, values, loss)) {
        const gradient = first.get(`${parameter}_grad`)!.data as Float32Array;
        const along = directionOf(parameter, gradient.length);
        const got = gradient.reduce((sum, g, i) => sum + g * along[i]!, 0);
        const scale = Math.hypot(...gradient) * Math.hypot(...along);
        expect(scale, parameter).toBeGreaterThan(0);
        expect(Math.abs(got - slope) / scale, parameter).toBeLessThan(GRADIENT);
      }

      const start = await loss();
      for (let step = 0; step < 8; step++) {
        const given = await training.run(all());
        for (const [parameter, { data }] of values) {
          const gradient = given.get(`${parameter}_grad`)!.data as Float32Array;
          gradient.forEach((g, i) => {
            data[i]! -= 0.02 * Math.sign(g);
          });
        }
      }
      expect(await loss()).toBeLessThan(0.97 * start);
      const expected = (await judging.run(all(), { outputs: ["logits"] })).get("logits")!;
      await training.release();
      await judging.release();

      run.attached.detach();
      bakeAdapters(model, run, new Map([...values].map(([parameter, { data }]) => [parameter, data])));
      expect(run.keptBecause).toBe(problems[0] ?? null);
      const isMergeable = !/series|parallel|prompt/u.test(name) && !file.includes("q4");
      expect(problems.length === 0, problems[0]).toBe(isMergeable);
      const after = bytesOf(model);
      const changed = [...before]
        .filter(([value, bytes]) => !after.get(value)?.equals(bytes))
        .map(([v]) => v);
      const own = isMergeable ? run.adapters.map((a) => a.site.weight.name) : [];
      expect(changed.sort()).toEqual(own.sort());
      const written = await runtime.createSession(encodeModel(model));
      const got = (await written.run(feeds)).get("logits")!;
      await written.release();
      expect(got.dims).toEqual(expected.dims);
      expect(distance(got, expected)).toBeLessThanOrEqual(TOLERANCE[file]);
    },
  );
});

/** The slope of the loss along a direction of each parameter, by central differences; where nothing is held constant to the gradient. */
async function slopes(
  { attached }: Adapters,
  values: ReadonlyMap<string, Tensor<"float32">>,
  loss: () => Promise<number>,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const { name, info } of attached.parameters) {
    // DoRA's lengths ‖V‖ are constants to the gradient and follow A and B; registry.test.ts holds them still.
    if (attached.detached.length > 0 && info.role !== "norm") continue;
    const { data } = values.get(name)!;
    const [at, along] = [data.slice(), directionOf(name, data.length)];
    const move = async (step: number) => {
      data.set(at.map((v, i) => v + step * along[i]!));
      return loss();
    };
    found.set(name, ((await move(STEP)) - (await move(-STEP))) / (2 * STEP));
    data.set(at);
  }
  return found;
}

function directionOf(name: string, length: number): Float32Array {
  const random = createRandom(name.length);
  return Float32Array.from({ length }, () => random.normal());
}

/** A little away from the start, where zeros hide mistakes. */
function shaken({ dims, data }: Tensor<"float32">): Tensor<"float32"> {
  const random = createRandom(data.length);
  return tensor(
    "float32",
    dims,
    data.map((v) => v + 0.1 * random.normal()),
  );
}

function bytesOf({ graph }: Model): Map<string, Buffer> {
  return new Map(
    graph.initializers.flatMap(({ name, constant }) =>
      constant && constant.dtype !== "string"
        ? [[name, Buffer.from(Uint8Array.from(new Uint8Array(viewOf(constant))))] as const]
        : [],
    ),
  );
}

function viewOf({ data }: Tensor): Uint8Array {
  const view = data as Float32Array;
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function distance(got: Tensor, expected: Tensor): number {
  const [a, b] = [got.data as Float32Array, expected.data as Float32Array];
  const scale = b.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return a.reduce((worst, v, i) => Math.max(worst, Math.abs(v - b[i]!)), 0) / scale;
}
