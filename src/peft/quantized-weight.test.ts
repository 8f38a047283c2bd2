import { beforeAll, expect, test } from "vitest";
import { graphOf, modelOf } from "../../test/support/graph-of.ts";
import { ModelError } from "../errors.ts";
import { encodeModel } from "../onnx/encode.ts";
import type { Model } from "../onnx/model.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { createRandom } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { attach, startAdapters } from "./attach.ts";
import { dora } from "./dora.ts";
import { type Parts, plainSettings } from "./method.ts";
import { dequantizedWeight } from "./quantized-weight.ts";
import { findSites } from "./site.ts";
import { siteCases } from "./sites.fixtures.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

async function run(model: Model, x: Tensor): Promise<Float32Array> {
  const session = await runtime.createSession(encodeModel(model), { optimization: "disabled" });
  try {
    return (await session.run(new Map([["x", x]]))).get("y")!.data as Float32Array;
  } finally {
    await session.release();
  }
}

const siteOf = (model: Model) => findSites(model, () => true)[0]!;
const random = createRandom(8);
const drawn = (...dims: number[]) =>
  tensor(
    "float32",
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );

/** A weight in int8 with a scale and a zero point for each of its columns. */
function byColumns(axis = 1): Model {
  return modelOf(
    graphOf({
      inputs: { x: { dtype: "float32", dims: [6, 6] } },
      constants: {
        "fc.weight_quantized": tensor(
          "int8",
          [6, 5],
          Int8Array.from({ length: 30 }, (_, i) => ((37 * i) % 256) - 128),
        ),
        scale: tensor("float32", [5], Float32Array.of(0.1, 0.05, 0.2, 0.1, 0.07)),
        zero: tensor("int8", [5], Int8Array.of(3, -2, 0, 7, 1)),
      },
      nodes: [
        ["DequantizeLinear", ["fc.weight_quantized", "scale", "zero"], ["w"], { axis }],
        ["MatMul", ["x", "w"], ["y"]],
      ],
      outputs: ["y"],
      declared: { y: { dtype: "float32", dims: [6, 5] } },
    }),
  );
}

const cases: readonly (readonly [string, () => Model])[] = [
  ...siteCases.filter((c) => c.isQuantized).map((c) => [c.title, c.model] as const),
  ["int8 with a scale for each column", byColumns],
];

test.each(cases)("%s stands for the weight that ONNX Runtime multiplies with", async (_, make) => {
  const model = make();
  const [out = 0, inner = 0] = siteOf(model).shape;
  const identity = tensor(
    "float32",
    [inner, inner],
    Float32Array.from({ length: inner * inner }, (_, i) => (i % (inner + 1) === 0 ? 1 : 0)),
  );
  model.graph.inputs[0]!.declared = { dtype: "float32", dims: [inner, inner] };
  model.graph.outputs[0]!.declared = { dtype: "float32", dims: null };
  const rows = await run(model, identity); // Wᵀ
  const weight = dequantizedWeight(siteOf(model));
  expect(weight.length).toBe(out * inner);
  for (const [i, w] of weight.entries())
    expect(w).toBeCloseTo(rows[(i % inner) * out + Math.floor(i / inner)]!, 5);
});

test.each(cases)("DoRA on %s computes what it computes on the weight in floats", async (_, make) => {
  const packed = make();
  const site = siteOf(packed);
  const [out = 0, inner = 0] = site.shape;
  const x = drawn(3, inner);
  const plain = modelOf(
    graphOf({
      inputs: { x: { dtype: "float32", dims: [3, inner] } },
      constants: { "fc.weight": tensor("float32", [out, inner], dequantizedWeight(site)) },
      nodes: [["Gemm", ["x", "fc.weight"], ["y"], { transB: 1 }]],
      outputs: ["y"],
      declared: { y: { dtype: "float32", dims: [3, out] } },
    }),
  );
  const settings = { ...plainSettings, rank: 2, alpha: 3 };
  const parts: Parts = new Map([
    ["A", drawn(2, inner)],
    ["B", drawn(out, 2)],
    ["m", drawn(out)],
  ]);
  const [expected, got] = await Promise.all(
    [plain, packed].map((model) => {
      const adapters = startAdapters({ method: dora, settings, sites: [siteOf(model)], seed: 1 });
      attach(model, adapters, { method: dora, now: () => parts });
      model.graph.inputs[0]!.declared = { dtype: "float32", dims: [3, inner] };
      model.graph.outputs[0]!.declared = { dtype: "float32", dims: null };
      return run(model, x);
    }),
  );
  for (const [i, v] of got!.entries()) expect(v).toBeCloseTo(expected![i]!, 4);
});

test("a form that is not read is refused by its name", () => {
  const model = byColumns();
  model.graph.initializers[0]!.constant = tensor("float8e4m3fn", [6, 5], new Uint8Array(30));
  expect(() => dequantizedWeight(siteOf(model))).toThrow(ModelError);
  expect(() => dequantizedWeight(siteOf(model))).toThrow(
    /float8e4m3fn, DequantizeLinear.*is not read here/su,
  );
});
