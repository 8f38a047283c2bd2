import { beforeAll, describe, expect, test } from "vitest";
import { graphOf, modelOf, type NodeText } from "../../test/support/graph-of.ts";
import { openNpz } from "../data/formats/npy.ts";
import { conformanceCases } from "../onnx/conformance.fixtures.ts";
import { encodeModel } from "../onnx/encode.ts";
import { loadModel } from "../onnx/load.ts";
import type { Model } from "../onnx/model.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { createRandom } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { findHead, logitsOf } from "./find-head.ts";
import { putNewHead } from "./new-head.ts";
import type { Pooling } from "./pooling.ts";

const CLASSES = 7;
/** Of float32 sums over at most a few hundred products, relative to the largest logit. */
const TOLERANCE = 1e-5;

/** Families of exported classifiers: the operator that computes the old head, and the rank of what it reads. */
const families: readonly [family: string, head: string, rank: number][] = [
  ["vit_tiny", "Gemm", 2],
  ["deit_tiny", "Gemm", 3], // two heads, on two tokens of one sequence
  ["resnet_tiny", "Gemm", 2],
  ["resnet_tiny_bn", "Gemm", 2],
  ["mobilenet_v2_tiny", "Gemm", 2],
  ["convnext_tiny", "Gemm", 2],
  ["swin_tiny", "Gemm", 2],
  ["clip_vision_tiny", "projection", 2],
  ["bert_tiny_cls", "Gemm", 2],
  ["distilbert_tiny_cls", "Gemm", 2],
  ["roberta_tiny_cls", "Gemm", 2],
  ["lstm_text_cls", "Gemm", 2],
];
const cases = families.flatMap(([family, head, rank]) =>
  [...conformanceCases.keys()]
    .filter((name) => name.startsWith(`${family}__`))
    .map((name) => ({ name, head, rank })),
);

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

/** Runs a model in ONNX Runtime, which checks it on opening. */
async function run(model: Model, feeds: ReadonlyMap<string, Tensor>): Promise<Map<string, Tensor>> {
  const session = await runtime.createSession(encodeModel(model), { optimization: "basic" });
  try {
    return await session.run(
      new Map([...feeds].filter(([name]) => session.inputs.some((i) => i.name === name))),
    );
  } finally {
    await session.release();
  }
}

async function load(name: string): Promise<{ model: Model; feeds: ReadonlyMap<string, Tensor> }> {
  const folder = conformanceCases.get(name)!;
  const arrays = await openNpz(nodeFiles, `${folder}/inputs.npz`);
  const feeds = new Map<string, Tensor>();
  for (const [input, read] of arrays) feeds.set(input, await read());
  return { model: await loadModel(`${folder}/model.onnx`, nodeFiles), feeds };
}

/** logits = W · mean(feature) + b, in float64. */
function byHand(feature: Tensor, weight: Tensor, bias: Tensor): number[] {
  const [batch = 0, ...rest] = feature.dims;
  const width = weight.dims[1]!;
  const positions = sizeOf(rest) / width;
  const at = (i: number, p: number, d: number) =>
    // A sequence holds positions first, a map features first.
    Number(
      feature.data[
        feature.dims.length > 3 ? (i * width + d) * positions + p : (i * positions + p) * width + d
      ],
    );
  return Array.from({ length: batch * CLASSES }, (_, k) => {
    const [i, c] = [Math.floor(k / CLASSES), k % CLASSES];
    let sum = Number(bias.data[c]);
    for (let d = 0; d < width; d++) {
      let mean = 0;
      for (let p = 0; p < positions; p++) mean += at(i, p, d) / positions;
      sum += Number(weight.data[c * width + d]) * mean;
    }
    return sum;
  });
}

describe.skipIf(cases.length === 0)("a new head on an exported model", () => {
  test.each(cases)("$name", async ({ name, head, rank }) => {
    const { model, feeds } = await load(name);
    const output = model.graph.outputs[0]!;
    const site = findHead(output);
    expect(site.logits).toBe(output);
    const old = site.weights.map((v) => v.name);
    const [weight] = site.weights;
    if (head !== "projection") {
      const width = output.declared?.dims?.at(-1);
      expect(weight?.constant?.dims).toContain(width);
      expect(weight?.uses.values().next().value?.node.opType).toBe(head);
    }

    // ONNX Runtime itself says what the feature is.
    const outputs = model.graph.outputs;
    model.graph.outputs = [...outputs, site.feature];
    const feature = (await run(model, feeds)).get(site.feature.name)!;
    model.graph.outputs = outputs;
    expect(feature.dims).toHaveLength(rank);

    const put = putNewHead(model, {
      feature: site.feature,
      type: { dtype: "float32", dims: feature.dims },
      classes: CLASSES,
      pooling: "auto",
      seed: 3,
    });
    expect(model.graph.outputs).toEqual([put.logits]);
    const names = new Set([...model.graph.values()].map((v) => v.name));
    expect(old.filter((n) => names.has(n))).toEqual([]);

    const got = (await run(model, feeds)).get("logits")!;
    expect(got.dims).toEqual([feature.dims[0], CLASSES]);
    const want = byHand(feature, put.parameters[0]!.constant!, put.parameters[1]!.constant!);
    const scale = Math.max(...want.map(Math.abs));
    want.forEach((w, i) => {
      expect(Math.abs(w - Number(got.data[i]))).toBeLessThan(TOLERANCE * scale);
    });
  });
});

/** A stored tensor of random numbers. */
function weights(...dims: number[]): Tensor {
  const random = createRandom(1);
  return tensor(
    "float32",
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.next() - 0.5),
  );
}

function featureModel(dims: readonly number[], opset: number): Model {
  const declared = { dtype: "float32", dims: ["batch", ...dims.slice(1)] } as const;
  const graph = graphOf({
    inputs: { x: declared },
    nodes: [["Relu", ["x"], ["f"]]],
    outputs: ["f"],
    declared: { f: declared },
  });
  return modelOf(graph, opset);
}

function put(model: Model, dims: readonly number[], pooling: Pooling, seed = 0) {
  const feature = model.graph.nodes[0]!.output();
  return putNewHead(model, { feature, type: { dtype: "float32", dims }, classes: CLASSES, pooling, seed });
}

describe("a new head pools by the shape of its feature", () => {
  const rows: [opset: number, dims: number[], pooling: Pooling, pooled: string, width: number][] = [
    ...[11, 13, 17, 18, 21, 23].flatMap((opset): (typeof rows)[number][] => [
      [opset, [2, 6], "auto", "none", 6],
      [opset, [2, 4, 6], "auto", "mean over 4 positions", 6],
      [opset, [2, 4, 6], "max", "max over 4 positions", 6],
      [opset, [2, 4, 6], "first", "first of 4 positions", 6],
      [opset, [2, 6, 3, 3], "auto", "mean over 3×3", 6],
      [opset, [2, 6, 3, 3], "max", "max over 3×3", 6],
      [opset, [2, 6, 3, 3], "none", "flattened", 54],
    ]),
  ];
  test.each(rows)("opset %i, %j, %s: %s", async (opset, dims, pooling, pooled, width) => {
    const model = featureModel(dims, opset);
    const head = put(model, dims, pooling);
    expect(head.pooled).toBe(pooled);
    expect(head.parameters.map((p) => p.constant?.dims)).toEqual([[CLASSES, width], [CLASSES]]);
    const logits = (await run(model, new Map([["x", weights(...dims)]]))).get("logits")!;
    expect(logits.dims).toEqual([2, CLASSES]);
  });

  test("the first position is the first position", async () => {
    const dims = [2, 4, 6];
    const model = featureModel(dims, 17);
    const { parameters } = put(model, dims, "first");
    const x = weights(...dims);
    const first = tensor(
      "float32",
      [2, 6],
      Float32Array.from({ length: 12 }, (_, i) => Math.max(0, Number(x.data[(i < 6 ? 0 : 24) + (i % 6)]))),
    );
    const want = byHand(first, parameters[0]!.constant!, parameters[1]!.constant!);
    const got = (await run(model, new Map([["x", x]]))).get("logits")!;
    want.forEach((w, i) => {
      expect(Number(got.data[i])).toBeCloseTo(w, 5);
    });
  });
});

test("a new head's weights follow from the seed, within the bound of PyTorch's Linear, and its bias is zero", () => {
  const drawn = [1, 1, 2].map((seed) => put(featureModel([2, 100], 17), [2, 100], "auto", seed).parameters);
  const [a, b, c] = drawn.map((p) => [...(p[0]!.constant!.data as Float32Array)]);
  expect(a).toEqual(b);
  expect(a).not.toEqual(c);
  expect(Math.max(...a!.map(Math.abs))).toBeLessThanOrEqual(0.1);
  expect(Math.max(...a!.map(Math.abs))).toBeGreaterThan(0.09);
  expect(drawn[0]![1]!.constant!.data).toEqual(new Float32Array(CLASSES));
});

test("names that the model uses already are left to it", async () => {
  const graph = graphOf({
    inputs: { logits: { dtype: "float32", dims: ["n", 6] } },
    constants: { "head.weight": weights(6, 6) },
    nodes: [["MatMul", ["logits", "head.weight"], ["head"]]],
    outputs: ["head"],
  });
  const model = modelOf(graph, 17);
  const feature = graph.outputs[0]!;
  const head = putNewHead(model, {
    feature,
    type: { dtype: "float32", dims: [2, 6] },
    classes: CLASSES,
    pooling: "auto",
    seed: 0,
  });
  expect(head.parameters.map((p) => p.name)).toEqual(["head.weight_1", "head.bias"]);
  const out = await run(model, new Map([["logits", weights(2, 6)]]));
  expect([...out.keys()]).toEqual([head.logits.name]);
});

/** The head of a small graph whose input is `x` and whose output is `y`. */
function headOf(nodes: readonly NodeText[], constants: Readonly<Record<string, Tensor>>) {
  const graph = graphOf({
    inputs: { x: { dtype: "float32", dims: ["n", 6] } },
    constants,
    nodes,
    outputs: ["y"],
  });
  const site = findHead(graph.outputs[0]!);
  return { feature: site.feature.name, logits: site.logits.name, weights: site.weights.map((v) => v.name) };
}

describe("the classifier is found", () => {
  test("behind a softmax, a bias and a weight that is stored transposed", () => {
    const nodes: NodeText[] = [
      ["Transpose", ["w"], ["wt"]],
      ["MatMul", ["x", "wt"], ["p"]],
      ["Add", ["b", "p"], ["l"]],
      ["Softmax", ["l"], ["s"]],
      ["Identity", ["s"], ["y"]],
    ];
    const found = headOf(nodes, { w: weights(5, 6), b: weights(5) });
    expect(found).toEqual({ feature: "x", logits: "l", weights: ["w", "b"] });
  });

  test("behind a temperature", () => {
    const nodes: NodeText[] = [
      ["Gemm", ["x", "w", "b"], ["l"]],
      ["Div", ["l", "t"], ["y"]],
    ];
    const found = headOf(nodes, { w: weights(6, 5), b: weights(5), t: weights(1) });
    expect(found).toEqual({ feature: "x", logits: "y", weights: ["w", "b"] });
  });

  test("as the last convolution of a network that pools at its end", () => {
    const nodes: NodeText[] = [
      ["Conv", ["x", "w", "b"], ["m"]],
      ["GlobalAveragePool", ["m"], ["p"]],
      ["Flatten", ["p"], ["y"]],
    ];
    const found = headOf(nodes, { w: weights(5, 6, 1, 1), b: weights(5) });
    expect(found).toEqual({ feature: "x", logits: "y", weights: ["w", "b"] });
  });
});

describe("no classifier is made up", () => {
  const constants = {
    w: weights(6, 6),
    v: weights(6, 6),
    g: weights(6),
    i: tensor("int64", [], BigInt64Array.of(0n)),
  };
  test.each<[string, RegExp, NodeText[]]>([
    [
      "an activation",
      /walking back ends at Relu "y"/,
      [
        ["MatMul", ["x", "w"], ["m"]],
        ["Relu", ["m"], ["y"]],
      ],
    ],
    ["a product of two computed values", /ends at MatMul "y"/, [["MatMul", ["x", "x"], ["y"]]]],
    [
      "a factor for each feature, as a normalisation has it",
      /ends at Mul "y"/,
      [
        ["MatMul", ["x", "w"], ["m"]],
        ["Mul", ["m", "g"], ["y"]],
      ],
    ],
    [
      "a sum of products of different values",
      /adds up 2 products, which read "x", "r"/,
      [
        ["MatMul", ["x", "w"], ["a"]],
        ["Relu", ["x"], ["r"]],
        ["MatMul", ["r", "v"], ["b"]],
        ["Add", ["a", "b"], ["y"]],
      ],
    ],
    ["an input", /is an input or a stored value/, [["Identity", ["x"], ["y"]]]],
  ])("%s", (_, message, nodes) => {
    expect(() => headOf(nodes, constants)).toThrow(message);
    expect(() => headOf(nodes, constants)).toThrow(/--head\.from/);
  });
});

test.each([
  ["Softmax", "softmax"],
  ["LogSoftmax", "log-softmax"],
  ["Sigmoid", "sigmoid"],
  ["Cast", "logits"],
  ["Relu", "logits"],
])("an output that ends in %s gives %s", (opType, kind) => {
  const graph = graphOf({
    inputs: { x: { dtype: "float32", dims: ["n", 6] } },
    nodes: [
      ["Neg", ["x"], ["l"]],
      [opType, ["l"], ["y"]],
    ],
    outputs: ["y"],
  });
  const found = logitsOf(graph.outputs[0]!);
  expect(found.kind).toBe(kind);
  expect(found.logits.name).toBe(opType === "Relu" ? "y" : "l");
});

test("a feature that is no float, or has no axis but the batch, is refused by its name", () => {
  const model = featureModel([2, 6], 17);
  const feature = model.graph.nodes[0]!.output();
  const options = { feature, classes: CLASSES, pooling: "auto", seed: 0 } as const;
  expect(() => putNewHead(model, { ...options, type: { dtype: "int64", dims: [2, 6] } })).toThrow(
    /"f" is int64/,
  );
  expect(() => putNewHead(model, { ...options, type: { dtype: "float32", dims: [2] } })).toThrow(
    /"f" has shape \[2\]/,
  );
  expect(() => put(featureModel([2, 6, 3, 3], 17), [2, 6, 3, 3], "first")).toThrow(/needs a sequence/);
});
