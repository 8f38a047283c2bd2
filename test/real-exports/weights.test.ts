import { beforeAll, describe, expect, test } from "vitest";
import { float } from "../../src/onnx/attribute.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { setConstant } from "../../src/onnx/edit.ts";
import { encodeModel } from "../../src/onnx/encode.ts";
import type { Model } from "../../src/onnx/model.ts";
import { storedTensors } from "../../src/passes/parameters.ts";
import { openRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { int64s, type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { gradientsOf, normals, relativeError } from "../support/gradients-of.ts";
import { type GraphText, graphOf, modelOf, type NodeText } from "../support/graph-of.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

const EXACT = 1e-6;
const x = normals([2, 4], 1);
const w = normals([4, 3], 2);

/** A model as a file gives it: what is built here is written and read. */
function read(text: GraphText, opset = 17): Model {
  return decodeModel(encodeModel(modelOf(graphOf(text), opset)));
}

const xInput = { x: { dtype: "float32", dims: [2, 4] } } as const;
const plain = read({
  inputs: xInput,
  constants: { w },
  nodes: [
    ["MatMul", ["x", "w"], ["h"]],
    ["Tanh", ["h"], ["y"]],
  ],
  outputs: ["y"],
});

describe("one tensor that several nodes read", () => {
  const ids = tensor("int64", [2, 3], BigInt64Array.of(1n, 4n, 2n, 0n, 4n, 4n));
  const table = normals([5, 4], 3);
  const inner = normals([4, 4], 4);
  const turned = tensor(
    "float32",
    [4, 5],
    Float32Array.from({ length: 20 }, (_, i) => table.data[(i % 5) * 4 + Math.floor(i / 5)]!),
  );

  /** A language model's ends: `first` is looked up, `last` gives the logits. */
  function ends(
    first: string,
    last: readonly NodeText[],
    constants: Readonly<Record<string, Tensor>>,
  ): Model {
    return read({
      inputs: { ids: { dtype: "int64", dims: [2, 3] } },
      constants: { inner, rows: int64s([-1, 4]), ...constants },
      nodes: [
        ["Gather", [first, "ids"], ["e"]],
        ["MatMul", ["e", "inner"], ["m"]],
        ["Tanh", ["m"], ["h"]],
        ...last,
      ],
      outputs: ["y"],
    });
  }

  const ways: readonly (readonly [string, readonly NodeText[], Readonly<Record<string, Tensor>>])[] = [
    [
      "a MatMul with its Transpose",
      [
        ["Transpose", ["out"], ["t"], { perm: [1, 0] }],
        ["MatMul", ["h", "t"], ["y"]],
      ],
      { out: table },
    ],
    [
      "a Gemm that transposes it",
      [
        ["Reshape", ["h", "rows"], ["flat"]],
        ["Gemm", ["flat", "out"], ["y"], { transB: 1, alpha: float(1), beta: float(1) }],
      ],
      { out: table },
    ],
    ["a MatMul with a copy that was transposed before", [["MatMul", ["h", "out"], ["y"]]], { out: turned }],
  ];

  test.each(ways.slice(0, 2))(
    "has the sum of its copies' gradients, where it is read by Gather and %s",
    async (_, last, constants) => {
      const tied = last.map(
        ([op, inputs, ...rest]) => [op, inputs.map((n) => (n === "out" ? "table" : n)), ...rest] as NodeText,
      );
      const got = await gradientsOf(runtime, ends("table", tied, { table }), { ids });
      const want = await gradientsOf(runtime, ends("table", last, { table, ...constants }), { ids });
      expect([...got.of.keys()].sort()).toEqual(["inner", "table"]);
      const sum = want.of.get("table")!.map((v, i) => v + want.of.get("out")![i]!);
      expect(relativeError(got.of.get("table")!, sum)).toBeLessThan(EXACT);
      expect(relativeError(got.of.get("inner")!, want.of.get("inner")!)).toBeLessThan(EXACT);
    },
  );

  test("has one place in the file, before and after it is trained", () => {
    const last = ways[0]![1].map(
      ([op, inputs, ...rest]) => [op, inputs.map((n) => (n === "out" ? "table" : n)), ...rest] as NodeText,
    );
    const model = ends("table", last, { table });
    const stored = storedTensors(model).find((t) => t.name === "table")!;
    setConstant(stored.value, normals([5, 4], 9));
    const again = decodeModel(encodeModel(model));
    const value = again.graph.initializers.find((v) => v.name === "table")!;
    expect(value.constant?.data).toEqual(normals([5, 4], 9).data);
    expect([...value.uses].map((u) => u.node.opType)).toEqual(["Gather", "Transpose"]);
  });

  test("in two forms is two weights, each with its own part", async () => {
    const [, last, constants] = ways[2]!;
    const got = await gradientsOf(runtime, ends("table", last, { table, ...constants }), { ids });
    const want = await gradientsOf(runtime, ends("table", ways[0]![1], { table, ...ways[0]![2] }), { ids });
    expect([...got.of.keys()].sort()).toEqual(["inner", "out", "table"]);
    expect(relativeError(got.of.get("table")!, want.of.get("table")!)).toBeLessThan(EXACT);
  });

  test("because an exporter merged equal biases, has the sum over all of them", async () => {
    const [a, c, bias] = [normals([4, 4], 5), normals([4, 4], 6), normals([4], 7)];
    const layers = (second: string): GraphText => ({
      inputs: xInput,
      constants: { a, c, bias, other: bias },
      nodes: [
        ["Gemm", ["x", "a", "bias"], ["h"]],
        ["Tanh", ["h"], ["t"]],
        ["Gemm", ["t", "c", second], ["y"]],
      ],
      outputs: ["y"],
    });
    const got = await gradientsOf(runtime, read(layers("bias")), { x });
    const want = await gradientsOf(runtime, read(layers("other")), { x });
    const sum = want.of.get("bias")!.map((v, i) => v + want.of.get("other")![i]!);
    expect(relativeError(got.of.get("bias")!, sum)).toBeLessThan(EXACT);
  });
});

describe("a weight is found", () => {
  const same = async (model: Model, names: readonly string[] = ["w"]) => {
    const want = await gradientsOf(runtime, plain, { x });
    const got = await gradientsOf(runtime, model, { x });
    expect([...got.of.keys()]).toEqual(names);
    expect(got.loss).toBeCloseTo(want.loss, 6);
    return { got: got.of.get(names[0]!)!, want: want.of.get("w")! };
  };
  const turnedW = tensor(
    "float32",
    [3, 4],
    Float32Array.from({ length: 12 }, (_, i) => w.data[(i % 4) * 3 + Math.floor(i / 4)]!),
  );

  test("that the file also lists among its inputs, and is not asked for as data", async () => {
    const model = read({
      inputs: { ...xInput, w: { dtype: "float32", dims: [4, 3] } },
      nodes: [
        ["MatMul", ["x", "w"], ["h"]],
        ["Tanh", ["h"], ["y"]],
      ],
      outputs: ["y"],
    });
    const value = model.graph.inputs[1]!;
    value.constant = w;
    model.graph.initializers.push(value);
    const again = decodeModel(encodeModel(model));
    const { got, want } = await same(again);
    expect(relativeError(got, want)).toBeLessThan(EXACT);
  });

  test("in a Constant node, under the name of its output, and is written back there", async () => {
    const model = read({
      inputs: xInput,
      nodes: [
        ["Constant", [], ["w"], { value: w }],
        ["MatMul", ["x", "w"], ["h"]],
        ["Tanh", ["h"], ["y"]],
      ],
      outputs: ["y"],
    });
    const { got, want } = await same(model);
    expect(relativeError(got, want)).toBeLessThan(EXACT);
    setConstant(storedTensors(model)[0]!.value, normals([4, 3], 9));
    const [node] = decodeModel(encodeModel(model)).graph.nodes;
    expect(node?.opType).toBe("Constant");
    expect(node?.tensor("value").data).toEqual(normals([4, 3], 9).data);
  });

  test.each<[string, Tensor, readonly NodeText[]]>([
    ["Identity", w, [["Identity", ["w"], ["v"]]]],
    ["Cast", w, [["Cast", ["w"], ["v"], { to: 1 }]]],
    ["Transpose", turnedW, [["Transpose", ["w"], ["v"], { perm: [1, 0] }]]],
    ["Reshape", tensor("float32", [12], w.data), [["Reshape", ["w", "shape"], ["v"]]]],
    [
      "Unsqueeze, Identity and Squeeze",
      w,
      [
        ["Unsqueeze", ["w", "first"], ["u"]],
        ["Identity", ["u"], ["i"]],
        ["Squeeze", ["i", "first"], ["v"]],
      ],
    ],
  ])("behind %s", async (_, stored, nodes) => {
    const model = read({
      inputs: xInput,
      constants: { w: stored, shape: int64s([4, 3]), first: int64s([0]) },
      nodes: [...nodes, ["MatMul", ["x", "v"], ["h"]], ["Tanh", ["h"], ["y"]]],
      outputs: ["y"],
    });
    const { got, want } = await same(model);
    const inOrder =
      stored.dims.join() === "3,4"
        ? Float32Array.from({ length: 12 }, (_, i) => want[(i % 4) * 3 + Math.floor(i / 4)]!)
        : want;
    expect(relativeError(got, inOrder)).toBeLessThan(EXACT);
  });

  test("where nodes have no names, or all the same", async () => {
    for (const name of ["", "node"]) {
      const model = decodeModel(encodeModel(plain));
      for (const node of model.graph.nodes) node.name = name;
      const { got, want } = await same(decodeModel(encodeModel(model)));
      expect(relativeError(got, want)).toBeLessThan(EXACT);
    }
  });
});
