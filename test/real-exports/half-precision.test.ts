import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { finetune, nodeFiles, openRuntime, type Runtime } from "../../src/index.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeModel } from "../../src/onnx/encode.ts";
import { loadModel } from "../../src/onnx/load.ts";
import type { Model } from "../../src/onnx/model.ts";
import { dataTypes } from "../../src/tensor/data-type.ts";
import { inFloat32, narrowed } from "../../src/tensor/half-tensor.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { createTinyModel } from "../../src/training/tiny-model.fixtures.ts";
import { gradientsOf, normals, relativeError } from "../support/gradients-of.ts";
import { graphOf, modelOf } from "../support/graph-of.ts";
import { writeTinyProblem } from "../support/tiny-run.ts";

let runtime: Runtime;
let folder: string;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "holdfast-half-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Stored = "float32" | "float16" | "bfloat16";

/** A block that names its dtype in every way a file can: inputs, initializers, Constant nodes, Cast, ConstantOfShape. */
function block(dtype: Stored): Model {
  // Both models hold the same numbers: those that the half float can hold.
  const rounded = (t: Tensor, to: Stored = dtype) => narrowed(inFloat32(narrowed(t, to)), dtype);
  const half = dtype === "float32" ? "float16" : dtype;
  const weight = (dims: readonly number[], seed: number) => rounded(normals(dims, seed), half);
  return modelOf(
    graphOf({
      inputs: { x: { dtype, dims: [2, 4] } },
      constants: { w: weight([4, 6], 1), gain: weight([6], 2), bias: weight([6], 3), v: weight([6, 3], 4) },
      nodes: [
        ["MatMul", ["x", "w"], ["h"]],
        ["Cast", ["h"], ["wide"], { to: dataTypes.float32.code }],
        ["Sigmoid", ["wide"], ["open"]],
        ["Cast", ["open"], ["gate"], { to: dataTypes[dtype].code }],
        ["Mul", ["h", "gate"], ["silu"]],
        ["LayerNormalization", ["silu", "gain", "bias"], ["n"], { axis: -1 }],
        ["Shape", ["n"], ["shape"]],
        ["ConstantOfShape", ["shape"], ["ones"], { value: rounded(normals([1], 5), half) }],
        ["Constant", [], ["half"], { value: rounded(normals([1, 6], 6), half) }],
        ["Add", ["n", "ones"], ["shifted"]],
        ["Mul", ["shifted", "half"], ["scaled"]],
        ["MatMul", ["scaled", "v"], ["y"]],
      ],
      outputs: ["y"],
    }),
    17,
  );
}

describe.each(["float16", "bfloat16"] as const)("a model in %s", (dtype) => {
  test("has the gradients of the float32 model with the same numbers, and computes in float32", async () => {
    const x = inFloat32(narrowed(normals([2, 4], 9), dtype));
    const reference = block("float32");
    // The float32 model takes the numbers that this dtype can hold.
    const model = block(dtype);
    reference.graph.initializers.forEach((v, i) => {
      v.constant = inFloat32(model.graph.initializers[i]!.constant!);
    });
    for (const [i, node] of reference.graph.nodes.entries()) {
      const value = model.graph.nodes[i]!.attributes.get("value");
      if (value?.kind === "tensor")
        node.attributes.set("value", { kind: "tensor", value: inFloat32(value.value) });
    }
    const want = await gradientsOf(runtime, reference, { x });
    const got = await gradientsOf(runtime, model, { x });
    expect(got.loss).toBeCloseTo(want.loss, 6);
    expect([...got.of.keys()]).toEqual([...want.of.keys()]);
    for (const [name, gradient] of want.of)
      expect(relativeError(got.of.get(name)!, gradient), name).toBeLessThan(1e-6);
    const types = [...decodeModel(got.graph.trainingModel).graph.inputs].map((v) => v.declared?.dtype);
    expect(new Set(types)).toEqual(new Set(["float32"]));
  });
});

/** The tiny convolutional network with every float in half. */
function tinyInHalf(): Uint8Array {
  const model = decodeModel(createTinyModel());
  for (const v of model.graph.initializers) v.constant = narrowed(v.constant!, "float16");
  for (const v of [...model.graph.inputs, ...model.graph.outputs])
    v.declared = { dtype: "float16", dims: v.declared?.dims ?? null };
  return encodeModel(model);
}

test("a float16 model is fine-tuned, and its file is float16 again, with other weights", async () => {
  await writeTinyProblem(folder);
  await nodeFiles.write(join(folder, "model.onnx"), tinyInHalf());
  const settings = {
    model: join(folder, "model.onnx"),
    data: join(folder, "data"),
    overwrite: true,
    steps: 20,
    batchSize: 12,
    optimizer: { lr: 0.02 },
    evaluation: { metric: "loss" as const },
    report: false,
  };
  for (const mode of ["keep", "new"] as const) {
    const out = join(folder, mode);
    // It ends by comparing the file with what was trained.
    await finetune({ ...settings, out, head: { mode } }, { files: nodeFiles, runtime });
    const before = decodeModel(tinyInHalf()).graph;
    const { graph } = await loadModel(join(out, "model/onnx/model.onnx"), nodeFiles);
    const stored = new Map(graph.initializers.map((v) => [v.name, v.constant!]));
    expect(graph.inputs[0]?.declared?.dtype).toBe("float16");
    expect(stored.get("conv.weight")?.dtype).toBe("float16");
    const initial = before.initializers.find((v) => v.name === "conv.weight")!.constant!;
    expect(stored.get("conv.weight")?.data).not.toEqual(initial.data);
    expect(graph.outputs[0]?.declared?.dtype).toBe(mode === "keep" ? "float16" : "float32");
  }
});
