import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeModel } from "../onnx/decode.ts";
import { encodeModel } from "../onnx/encode.ts";
import type { Model } from "../onnx/model.ts";
import { Node } from "../onnx/node.ts";
import { lower } from "../passes/lower.ts";
import { loweredModel, storeParameters } from "../passes/lowered-model.ts";
import { storedTensors } from "../passes/parameters.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { int64s, type Tensor, tensor, toNumbers } from "../tensor/tensor.ts";
import { createEvaluator } from "../training/constant-evaluator.ts";
import { gradientModel, hessianVectorModel, jvpModel } from "./derivative-models.ts";
import { appendLoss } from "./losses/registry.ts";
import { vjp } from "./vjp.ts";

/** Ours is float32, PyTorch's figures are float64 on the same weights: about 2⁻²⁰ after some twenty operators. */
const TOLERANCE = 2e-5;

/** What scripts/goldens/double_backward.py writes. */
interface Golden {
  readonly x: readonly number[];
  readonly targets: readonly number[];
  readonly tangents: Readonly<Record<string, readonly number[]>>;
  readonly loss: number;
  readonly gradient: Readonly<Record<string, readonly number[]>>;
  readonly hvp: Readonly<Record<string, readonly number[]>>;
  readonly norm: Readonly<Record<string, readonly number[]>>;
  readonly jvp: readonly number[];
}

const shapes = { mlp: [5, 6], attention: [2, 4, 8] } as const;
const runtime: Runtime = await openRuntime({ prefer: "native", threads: 1 });
const evaluate = createEvaluator(runtime);

function read(name: keyof typeof shapes) {
  const file = (ending: string) => readFileSync(new URL(`fixtures/${name}.${ending}`, import.meta.url));
  const golden = JSON.parse(file("json").toString()) as Golden; // written by the script
  return {
    golden,
    model: decodeModel(file("onnx")),
    options: { evaluate, inputShapes: new Map([["x", shapes[name]]]) },
  };
}

/** Runs a model with what it asks for of the golden's `x`, `targets` and `<name>_tangent`. */
async function run(model: Model, golden: Golden): Promise<Map<string, Tensor>> {
  const session = await runtime.createSession(encodeModel(model));
  const feeds = new Map<string, Tensor>();
  for (const { name, dims } of session.inputs) {
    const data = name === "x" ? golden.x : golden.tangents[name.replace(/_tangent$/, "")];
    const shape = dims.map(Number);
    feeds.set(
      name,
      name === "targets" ? int64s(golden.targets) : tensor("float32", shape, Float32Array.from(data!)),
    ); // all inputs are among these
  }
  const results = await session.run(feeds);
  await session.release();
  return results;
}

function expectClose(got: Tensor | undefined, want: readonly number[], what: string): void {
  const numbers = got ? toNumbers(got) : [];
  expect(numbers.length, what).toBe(want.length);
  const scale = Math.max(1e-3, ...want.map(Math.abs));
  const worst = Math.max(...want.map((w, i) => Math.abs(numbers[i]! - w))) / scale;
  expect(worst, what).toBeLessThan(TOLERANCE);
}

describe.each(["mlp", "attention"] as const)("%s", (name) => {
  const { golden, options } = read(name);
  const everything = Object.keys(golden.tangents);
  const loss = { output: "logits", loss: "cross-entropy" } as const;

  test("gradients and Hessian–vector products are those of PyTorch's double backward", async () => {
    const model = await hessianVectorModel(read(name).model, { ...options, ...loss, wrt: everything });
    const results = await run(model, golden);
    expectClose(results.get("loss"), [golden.loss], "loss");
    for (const key of everything) {
      expectClose(results.get(`${key}_grad`), golden.gradient[key]!, `gradient by ${key}`);
      expectClose(results.get(`${key}_hvp`), golden.hvp[key]!, `Hessian–vector product by ${key}`);
    }
  });

  test("the gradient of the gradient's norm is that of PyTorch's double backward", async () => {
    const { model } = read(name);
    const weights = storedTensors(model).filter((t) => everything.includes(t.name));
    const lowered = await lower(model, { ...options, parameters: weights });
    const { b, graph } = lowered;
    const wrt = [...weights.map((t) => lowered.parameters.get(t.value)!), lowered.inputs.get("x")!];
    const logits = lowered.outputs.get("logits")!;
    const { gradient } = appendLoss(b, logits, "cross-entropy", {});
    const first = vjp(b, { seeds: [[logits, gradient()]], wrt });
    const squares = [...first.values()].map((g) => b.reduceSum(b.mul(g!, g!), [...g!.dims.keys()], false)); // each has one
    const norm = b.op("Sqrt", [b.sum(squares)!]);
    const second = vjp(b, { seeds: [[norm, b.scalar(1, "float32")]], wrt });
    graph.outputs = wrt.map((x) => {
      const result = b.op("Identity", [second.get(x)!]);
      result.name = `${x.name}_norm`;
      return result;
    });
    storeParameters(lowered, lowered.parameters.keys());
    const results = await run(loweredModel(model, lowered), golden);
    for (const key of everything) expectClose(results.get(`${key}_norm`), golden.norm[key]!, key);
  });

  test("Jacobian–vector products are those of torch.func.jvp", async () => {
    const model = await jvpModel(read(name).model, { ...options, wrt: everything });
    const results = await run(model, golden);
    expectClose(results.get("logits_tangent"), golden.jvp, "tangent of logits");
  });
});

describe("derivative models", () => {
  const { golden, options } = read("mlp");

  test("a gradient model is differentiated like any other model", async () => {
    const wrt = ["x"];
    const once = await gradientModel(read("mlp").model, {
      ...options,
      output: "logits",
      loss: "cross-entropy",
      wrt,
    });
    const inputShapes = new Map<string, readonly number[]>([...options.inputShapes, ["targets", [5]]]);
    const twice = await gradientModel(once, { evaluate, inputShapes, output: "x_grad", wrt });
    const session = await runtime.createSession(encodeModel(twice));
    const x = tensor("float32", [5, 6], Float32Array.from(golden.x));
    const t = tensor("float32", [5, 6], Float32Array.from(golden.tangents.x!));
    const feeds = new Map<string, Tensor>([
      ["x", x],
      ["targets", int64s(golden.targets)],
      ["x_grad_cotangent", t],
    ]);
    const got = await session.run(feeds);
    await session.release();
    const product = await hessianVectorModel(read("mlp").model, {
      ...options,
      output: "logits",
      loss: "cross-entropy",
      wrt,
    });
    expectClose(got.get("x_grad"), toNumbers((await run(product, golden)).get("x_hvp")!), "H t");
  });

  test("weights are stored in the model, or fed to it", async () => {
    const ask = { ...options, output: "logits", wrt: "weights" } as const;
    const names = (model: Model) => model.graph.inputs.map((v) => v.name);
    expect(names(await gradientModel(read("mlp").model, ask))).toEqual(["x", "logits_cotangent"]);
    const fed = await gradientModel(read("mlp").model, { ...ask, weights: "fed" });
    expect(names(fed).sort()).toEqual(
      ["a.bias", "a.weight", "b.bias", "b.weight", "c.bias", "c.weight", "logits_cotangent", "x"].sort(),
    );
  });

  test("what is asked for and does not exist is named beside what does", async () => {
    const { model } = read("mlp");
    await expect(gradientModel(model, { ...options, output: "logits", wrt: ["d.weight"] })).rejects.toThrow(
      /nothing to differentiate by is called d\.weight; float inputs: x; weights: a\.weight/,
    );
    await expect(gradientModel(model, { ...options, output: "probabilities", wrt: ["x"] })).rejects.toThrow(
      'the model has no float output "probabilities"; its float outputs: logits',
    );
    await expect(hessianVectorModel(model, { ...options, output: "logits", wrt: ["x"] })).rejects.toThrow(
      'a Hessian is that of one number, and output "logits" has shape [5,3]; give a loss on it',
    );
  });

  test("an unknown operator before the output is named, and why", async () => {
    const { model } = read("mlp");
    const [first] = model.graph.nodes;
    const x = first!.input(0);
    const own = new Node("Warp", [x], 1, { domain: "ai.example", name: "warp" });
    first!.setInput(0, own.output());
    own.output().name = "warped";
    model.graph.nodes.unshift(own);
    await expect(gradientModel(model, { ...options, output: "logits", wrt: ["x"] })).rejects.toThrow(
      /Warp "warp" \(domain ai\.example.*no record of this operator/,
    );
  });
});
