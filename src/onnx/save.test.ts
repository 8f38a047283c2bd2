import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { Files } from "../platform/files.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { tensor } from "../tensor/tensor.ts";
import { valueNamed } from "./edit.ts";
import { externalRange } from "./external-data.ts";
import { layOut } from "./external-layout.ts";
import { elements, floatBytes, outside, sumModel } from "./external-models.fixtures.ts";
import { loadModel } from "./load.ts";
import type { Model } from "./model.ts";
import { ModelProtoSchema, type TensorProto } from "./proto/onnx-ml_pb.ts";
import { saveModel } from "./save.ts";

/** Two weights with a gap between them and a tail that no tensor of this model names. */
const weights = Uint8Array.from([...floatBytes(1, 2), 7, 7, 7, 7, ...floatBytes(3, 4), 8, 8]);
const twoWeights = sumModel([
  outside("a", 2, { location: "w.bin", offset: 0, length: 8, note: "kept" }),
  outside("b", 2, { location: "w.bin", offset: 12, length: 8, checksum: "of the old bytes" }),
]);

function setWeight(model: Model, name: string, ...values: number[]): void {
  valueNamed(model.graph, name).constant = tensor("float32", [values.length], Float32Array.from(values));
}

async function ranges(path: string, files: Files): Promise<Record<string, unknown>> {
  const { graph } = await loadModel(path, files);
  return Object.fromEntries(
    graph.initializers.map(({ name, stored }) => {
      const { location, offset } = externalRange(stored!.proto, name);
      return [name, [location, offset]];
    }),
  );
}

test("changed weights of the old size take the old places, and bytes of others stay", async () => {
  const files = createMemoryFiles({ "m/model.onnx": twoWeights, "m/w.bin": weights });
  const model = await loadModel("m/model.onnx", files);
  setWeight(model, "b", 5, 6);
  expect(await saveModel(model, "out/model.onnx", files)).toEqual(["out/w.bin", "out/model.onnx"]);
  expect([...(await files.read("out/w.bin"))]).toEqual([
    ...floatBytes(1, 2),
    7,
    7,
    7,
    7,
    ...floatBytes(5, 6),
    8,
    8,
  ]);
  const { graph } = await loadModel("out/model.onnx", files);
  expect(elements(graph, "b")).toEqual([5, 6]);
  expect(valueNamed(graph, "a").stored?.proto.externalData.map((e) => e.key)).toContain("note");
  expect(valueNamed(graph, "b").stored?.proto.externalData.map((e) => e.key)).not.toContain("checksum");
  expect(await files.read("m/w.bin")).toEqual(weights);
});

test("weights that lie outside already stay in their file, changed or not, however low the limit", async () => {
  const files = createMemoryFiles({
    "m/model.onnx": sumModel([
      outside("a", 500, { location: "w.bin" }),
      outside("b", 500, { location: "w.bin", offset: 2000 }),
    ]),
    "m/w.bin": new Uint8Array(4000),
  });
  const model = await loadModel("m/model.onnx", files);
  setWeight(model, "a", ...Array<number>(500).fill(1));
  const written = await saveModel(model, "out/model.onnx", files, { maxInlineBytes: 0 });
  expect(written).toEqual(["out/w.bin", "out/model.onnx"]);
});

test("saving over the loaded model replaces its weights", async () => {
  const files = createMemoryFiles({ "m/model.onnx": twoWeights, "m/w.bin": weights });
  const model = await loadModel("m/model.onnx", files);
  setWeight(model, "a", 0.5, 0.25);
  await saveModel(model, "m/model.onnx", files);
  expect((await files.list("m")).map((e) => e.name)).toEqual(["model.onnx", "w.bin"]);
  expect([...(await files.read("m/w.bin"))].slice(0, 12)).toEqual([...floatBytes(0.5, 0.25), 7, 7, 7, 7]);
});

test("a weight of another size moves its file's tensors to page boundaries, in their old order", async () => {
  const files = createMemoryFiles({ "m/model.onnx": twoWeights, "m/w.bin": weights });
  const model = await loadModel("m/model.onnx", files);
  setWeight(model, "a", 1, 2, 3);
  await saveModel(model, "out/model.onnx", files);
  expect(await ranges("out/model.onnx", files)).toEqual({ a: ["w.bin", 0], b: ["w.bin", 4096] });
  const { graph } = await loadModel("out/model.onnx", files);
  expect([elements(graph, "a"), elements(graph, "b")]).toEqual([
    [1, 2, 3],
    [3, 4],
  ]);
});

test("a changed weight in a Constant node stays in its file of weights", async () => {
  const t = outside("kept name", 2, { location: "w.bin" });
  const constant = { opType: "Constant", output: ["c"], attribute: [{ name: "value", type: 4, t }] };
  const files = createMemoryFiles({
    "m/model.onnx": toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph: { node: [constant] } })),
    "m/w.bin": floatBytes(1, 2),
  });
  const model = await loadModel("m/model.onnx", files);
  const value = tensor("float32", [2], Float32Array.of(5, 6));
  model.graph.nodes[0]!.attributes.set("value", { kind: "tensor", value });
  expect(await saveModel(model, "out/model.onnx", files)).toEqual(["out/w.bin", "out/model.onnx"]);
  expect(await files.read("out/w.bin")).toEqual(floatBytes(5, 6));
  const [node] = (await loadModel("out/model.onnx", files)).graph.nodes;
  expect([...(node!.tensor("value").data as Float32Array)]).toEqual([5, 6]);
  expect(node!.origin?.attribute[0]?.t?.name).toBe("kept name");
});

test("tied weights stay one while they agree, and part when one changes", async () => {
  const files = createMemoryFiles({
    "m/model.onnx": sumModel([
      outside("a", 2, { location: "w.bin" }),
      outside("b", 2, { location: "w.bin" }),
    ]),
    "m/w.bin": floatBytes(1, 2),
  });
  const model = await loadModel("m/model.onnx", files);
  setWeight(model, "a", 5, 6);
  setWeight(model, "b", 5, 6);
  await saveModel(model, "same/model.onnx", files);
  expect(await ranges("same/model.onnx", files)).toEqual({ a: ["w.bin", 0], b: ["w.bin", 0] });
  setWeight(model, "b", 7, 8);
  await saveModel(model, "apart/model.onnx", files);
  expect(await ranges("apart/model.onnx", files)).toEqual({ a: ["w.bin", 0], b: ["w.bin", 4096] });
});

test("beside the loaded model, under another name, the old weights stay whole", async () => {
  const files = createMemoryFiles({
    "m/model.onnx": sumModel([
      outside("a", 2, { location: "model.onnx.data" }),
      outside("b", 2, { location: "deep/w.bin" }),
    ]),
    "m/model.onnx.data": floatBytes(1, 2),
    "m/deep/w.bin": floatBytes(3, 4),
  });
  const model = await loadModel("m/model.onnx", files);
  setWeight(model, "a", 5, 6);
  const written = await saveModel(model, "m/tuned.onnx", files);
  expect(written).toEqual(["m/tuned.onnx.data", "m/deep/tuned.onnx.w.bin", "m/tuned.onnx"]);
  expect(elements((await loadModel("m/model.onnx", files)).graph, "a")).toEqual([1, 2]);
  const tuned = (await loadModel("m/tuned.onnx", files)).graph;
  expect([elements(tuned, "a"), elements(tuned, "b")]).toEqual([
    [5, 6],
    [3, 4],
  ]);
});

test("weights beyond the limit leave the model file, and ONNX Runtime finds them there", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-save-"));
  try {
    const n = 300;
    const values = Array.from({ length: n }, (_, i) => i / 8);
    const raw = { dims: [BigInt(n)], dataType: 1, rawData: floatBytes(...values) };
    const path = join(folder, "in/model.onnx");
    await nodeFiles.write(
      path,
      sumModel([
        { name: "a", ...raw },
        { name: "b", ...raw },
      ]),
    );
    const model = await loadModel(path, nodeFiles);
    const target = join(folder, "out/model.onnx");
    expect(await saveModel(model, target, nodeFiles, { maxInlineBytes: 2000 })).toEqual([
      `${target}_data`,
      target,
    ]);
    expect(await ranges(target, nodeFiles)).toEqual({
      a: ["model.onnx_data", 0],
      b: ["model.onnx_data", 4096],
    });
    const runtime = await openRuntime({ prefer: "native", threads: 1 });
    const session = await runtime.createSession({ path: target });
    const out = await session.run(new Map([["x", tensor("float32", [n], new Float32Array(n).fill(1))]]));
    await session.release();
    expect([...((out.get("y")?.data as Float32Array | undefined) ?? [])]).toEqual(
      values.map((v) => 1 + 2 * v),
    );
    expect(await saveModel(model, target, nodeFiles, { maxInlineBytes: 3000 })).toEqual([target]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a new file of weights ends below 2 GiB, and a larger tensor has one of its own", () => {
  // Placing looks at lengths alone, and these lengths would not fit into memory.
  const item = (name: string, length: number) => ({
    proto: { name } as TensorProto,
    bytes: { length } as Uint8Array,
    before: null,
    isChanged: true,
  });
  const layouts = layOut(
    [item("a", 2 ** 30), item("b", 2 ** 29), item("c", 2 ** 30), item("d", 2 ** 33), item("e", 1)],
    "w",
  );
  const places = layouts.map(({ location, offsets }) => [
    location,
    [...offsets].map(([p, at]) => [p.name, at]),
  ]);
  expect(places).toEqual([
    [
      "w",
      [
        ["a", 0],
        ["b", 2 ** 30],
      ],
    ],
    ["w_1", [["c", 0]]],
    ["w_2", [["d", 0]]],
    ["w_3", [["e", 0]]],
  ]);
});

test("when writing fails, the old files stay and nothing is left behind", async () => {
  const files = createMemoryFiles({ "m/model.onnx": twoWeights, "m/w.bin": weights });
  const model = await loadModel("m/model.onnx", files);
  setWeight(model, "a", 5, 6);
  const failing: Files = {
    ...files,
    write: (path, content) =>
      path.includes("model.onnx") ? Promise.reject(new Error("disk full")) : files.write(path, content),
  };
  await expect(saveModel(model, "m/model.onnx", failing)).rejects.toThrow("disk full");
  expect((await files.list("m")).map((e) => e.name)).toEqual(["model.onnx", "w.bin"]);
  expect(await files.read("m/w.bin")).toEqual(weights);
});
