import { describe, expect, test } from "vitest";
import { graphOf, modelOf } from "../../test/support/graph-of.ts";
import { encodeModel } from "../onnx/encode.ts";
import type { Model } from "../onnx/model.ts";
import type { Dim } from "../onnx/type.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { createRandom } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor, toNumbers } from "../tensor/tensor.ts";
import { findHead } from "./find-head.ts";
import { type HeadForm, headForms, type NewHead, type NewHeadOptions, putNewHead } from "./new-head.ts";

const CLASSES = 3;
/** Of float32 sums over at most eight products. */
const TOLERANCE = 1e-5;
const runtime = await openRuntime({ prefer: "native", threads: 1 });

/** A model that gives the input `x` as its feature `f`; a sequence has a mask beside it. */
function featureModel(dims: readonly number[], opset = 17): Model {
  const free: readonly Dim[] = [
    "batch",
    ...dims.slice(1).map((d, i) => (i === 0 && dims.length === 3 ? "length" : d)),
  ];
  const x = { dtype: "float32", dims: free } as const;
  const mask = { dtype: "int64", dims: ["batch", "length"] } as const;
  const graph = graphOf({
    inputs: { x, ...(dims.length === 3 ? { attention_mask: mask } : {}) },
    nodes: [["Identity", ["x"], ["f"]]],
    outputs: ["f"],
    declared: { f: x },
  });
  return modelOf(graph, opset);
}

function put(model: Model, dims: readonly number[], more: Partial<NewHeadOptions> = {}): NewHead {
  const feature = model.graph.outputs[0]!; // featureModel has one
  const mask = model.graph.inputs[1];
  const type = { dtype: "float32", dims } as const;
  const common = { feature, type, classes: CLASSES, pooling: "auto", seed: 5 } as const;
  return putNewHead(model, { ...common, ...(mask ? { mask } : {}), ...more });
}

function numbers(...dims: number[]): Tensor<"float32"> {
  const random = createRandom(1);
  return tensor(
    "float32",
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );
}

async function logitsOf(model: Model, feeds: Readonly<Record<string, Tensor>>): Promise<Tensor> {
  const session = await runtime.createSession(encodeModel(model));
  const known = Object.entries(feeds).filter(([name]) => session.inputs.some((i) => i.name === name));
  const out = await session.run(new Map(known));
  await session.release();
  return out.get("logits")!; // the head's name for its output
}

const activations = {
  relu: (x: number) => Math.max(0, x),
  tanh: Math.tanh,
  /** x Φ(x), the integral by Simpson's rule. */
  gelu: (x: number) => {
    const steps = 200;
    const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
    let sum = density(0) + density(x);
    for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * density((x * i) / steps);
    return x * (0.5 + (sum * x) / (3 * steps));
  },
};

/** W v + b in float64; `at` finds the weight of a unit and a feature. */
function layer(v: readonly number[], weight: Tensor, bias: Tensor, form: HeadForm): number[] {
  const units = bias.dims[0]!; // a bias is a vector
  return Array.from({ length: units }, (_, u) =>
    v.reduce((sum, x, d) => {
      const at = form === "positions" ? d * units + u : u * v.length + d;
      return sum + x * Number(weight.data[at]);
    }, Number(bias.data[u])),
  );
}

function expectClose(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length);
  for (const [i, w] of want.entries())
    expect(Math.abs(got[i]! - w)).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(w)));
}

describe("a head with a hidden layer", () => {
  const rows = [11, 17, 20].flatMap((opset) =>
    (Object.keys(activations) as (keyof typeof activations)[]).map((activation) => ({ opset, activation })),
  );
  test.each(rows)(
    "opset $opset, $activation: both layers are what they are by hand",
    async ({ opset, activation }) => {
      const dims = [2, 6];
      const model = featureModel(dims, opset);
      const { parameters, logits } = put(model, dims, { hidden: { units: 4, activation } });
      expect(parameters.map((p) => [p.name, p.constant?.dims])).toEqual([
        ["head.hidden.weight", [4, 6]],
        ["head.hidden.bias", [4]],
        ["head.weight", [CLASSES, 4]],
        ["head.bias", [CLASSES]],
      ]);
      const [w1, b1, w2, b2] = parameters.map((p) => p.constant!) as [Tensor, Tensor, Tensor, Tensor]; // four, as was just said
      const x = numbers(...dims);
      const want = [0, 1].flatMap((i) => {
        const hidden = layer(toNumbers(x).slice(6 * i, 6 * i + 6), w1, b1, "vector").map(
          activations[activation],
        );
        return layer(hidden, w2, b2, "vector");
      });
      expectClose(toNumbers(await logitsOf(model, { x })), want);
      // What finds classifiers finds the layer that gives the classes.
      expect(findHead(logits).weights).toEqual(parameters.slice(2));
    },
  );
});

describe("a head on every place", () => {
  const rows: readonly { form: HeadForm; dims: number[]; declared: Dim[] }[] = [
    { form: "positions", dims: [2, 4, 6], declared: ["batch", "length", CLASSES] },
    { form: "map", dims: [2, 6, 3, 2], declared: ["batch", CLASSES, 3, 2] },
  ];
  test.each(rows)("$form: linear and with a hidden layer", async ({ form, dims, declared }) => {
    for (const hidden of [null, { units: 5, activation: "relu" } as const]) {
      const model = featureModel(dims);
      const head = put(model, dims, { form, ...(hidden ? { hidden } : {}) });
      expect(head.logits.declared).toEqual({ dtype: "float32", dims: declared });
      expect(declared).toHaveLength(headForms[form].rank);
      expect(declared[headForms[form].axis]).toBe(CLASSES);
      const x = numbers(...dims);
      const out = await logitsOf(model, { x });
      const places = form === "map" ? 6 : 4;
      // Feature d, or answer c, at a place of an example.
      const at = (t: Tensor, width: number, i: number, p: number, d: number) =>
        Number(t.data[form === "map" ? (i * width + d) * places + p : (i * places + p) * width + d]);
      for (let i = 0; i < 2; i++) {
        for (let p = 0; p < places; p++) {
          let v = Array.from({ length: 6 }, (_, d) => at(x, 6, i, p, d));
          for (let k = 0; k < head.parameters.length; k += 2) {
            v = layer(v, head.parameters[k]!.constant!, head.parameters[k + 1]!.constant!, form);
            if (k + 2 < head.parameters.length) v = v.map(activations.relu);
          }
          expectClose(
            Array.from({ length: CLASSES }, (_, c) => at(out, CLASSES, i, p, c)),
            v,
          );
        }
      }
      expect(findHead(head.logits).weights).toEqual(head.parameters.slice(-2));
    }
  });

  test("needs a feature that has places", () => {
    const dims = [2, 6];
    for (const form of ["positions", "map"] as const)
      expect(() => put(featureModel(dims), dims, { form })).toThrow(
        /needs a .*"f" has shape \[2, 6\].*--head\.from/,
      );
  });
});

describe("the last position", () => {
  const dims = [4, 5, 6];
  /** Padding behind, before, in the middle, and nothing else. */
  const mask = tensor(
    "int64",
    [4, 5],
    BigInt64Array.from([1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0], BigInt),
  );
  const x = numbers(...dims);
  const vectorAt = (i: number, t: number) => toNumbers(x).slice((i * 5 + t) * 6, (i * 5 + t) * 6 + 6);

  test.each([11, 13, 17, 21])(
    "opset %i: is the last that the mask counts, wherever padding stands",
    async (opset) => {
      const model = featureModel(dims, opset);
      const { parameters, pooled } = put(model, dims, { pooling: "last" });
      expect(pooled).toBe('last of those of 5 positions that "attention_mask" counts');
      const vectors = [vectorAt(0, 2), vectorAt(1, 4), vectorAt(2, 2), new Array<number>(6).fill(0)];
      const want = vectors.flatMap((v) =>
        layer(v, parameters[0]!.constant!, parameters[1]!.constant!, "vector"),
      );
      expectClose(toNumbers(await logitsOf(model, { x, attention_mask: mask })), want);
    },
  );

  test("is the last of all where nothing is masked", async () => {
    const model = featureModel(dims);
    model.graph.inputs = model.graph.inputs.slice(0, 1);
    const { parameters, pooled } = put(model, dims, { pooling: "last" });
    expect(pooled).toBe("last of 5 positions");
    const want = [0, 1, 2, 3].flatMap((i) =>
      layer(vectorAt(i, 4), parameters[0]!.constant!, parameters[1]!.constant!, "vector"),
    );
    expectClose(toNumbers(await logitsOf(model, { x })), want);
  });

  test("is refused where the operator set cannot count, and on a map", () => {
    expect(() => put(featureModel(dims, 9), dims, { pooling: "last" })).toThrow(
      /needs CumSum.*the model has 9/,
    );
    const map = [2, 6, 3, 3];
    expect(() => put(featureModel(map), map, { pooling: "last" })).toThrow(
      /head\.pooling "last" needs a sequence/,
    );
  });

  test("a mask that the head does not read is no input of its model", () => {
    const model = featureModel(dims);
    put(model, dims, { pooling: "first" });
    expect(model.graph.inputs.map((v) => v.name)).toEqual(["x"]);
  });
});
