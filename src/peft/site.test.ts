import { describe, expect, test } from "vitest";
import { graphOf, modelOf, type NodeText } from "../../test/support/graph-of.ts";
import { Node } from "../onnx/node.ts";
import { zeros } from "../tensor/tensor.ts";
import { moduleNameOf } from "./module-name.ts";
import { peftMethods } from "./registry.ts";
import { findSites } from "./site.ts";
import { chooseSites } from "./targets.ts";

describe("the path of a module", () => {
  test.each([
    ["fc.weight", "", "MatMul", "fc", "parameter"],
    [
      "bert.encoder.layer.0.attention.self.query.weight_quantized",
      "",
      "MatMul",
      "bert.encoder.layer.0.attention.self.query",
      "parameter",
    ],
    [
      "onnx::MatMul_250",
      "/vit/layers.0/attention/q_proj/MatMul",
      "MatMul",
      "vit.layers.0.attention.q_proj",
      "scope",
    ],
    ["decoder/lm_head.weight", "/decoder/lm_head/MatMul", "MatMul", "decoder.lm_head", "parameter"],
    ["decoder/onnx::MatMul_9", "/decoder/lm_head/MatMul", "MatMul", "decoder.lm_head", "scope"],
    ["embed_tokens/weight", "/embed_tokens/Gather", "Gather", "embed_tokens", "parameter"],
    ["onnx::MatMul_9", "/layer1/layer1.0/fc/MatMul_1", "MatMul", "layer1.0.fc", "scope"],
    ["onnx::Conv_3", "/features/features.0/features.0.0/Conv", "Conv", "features.0.0", "scope"],
    ["onnx::MatMul_9", "/MatMul", "MatMul", "onnx::MatMul_9", "file"],
    ["dense/kernel:0", "model/dense/MatMul", "MatMul", "dense/kernel:0", "file"],
  ])("of the tensor %s at %s", (stored, name, opType, path, by) => {
    expect(moduleNameOf(new Node(opType, [], 1, { name }), stored)).toEqual({ path, by });
  });
});

const weights = {
  "emb.weight": zeros("float32", [9, 4]),
  "fc.weight": zeros("float32", [4, 4]),
  "depth.weight": zeros("float32", [4, 1, 3, 3]),
  "head.weight": zeros("float32", [3, 4]),
};
const nodes: readonly NodeText[] = [
  ["Gather", ["emb.weight", "ids"], ["e"]],
  ["MatMul", ["e", "fc.weight"], ["h"]],
  ["Conv", ["image", "depth.weight"], ["c"], { group: 4 }],
  ["Gemm", ["e", "head.weight"], ["logits"], { transB: 1 }],
  // The table serves as the output layer too.
  ["Transpose", ["emb.weight"], ["t"], { perm: [1, 0] }],
  ["MatMul", ["h", "t"], ["tokens"]],
];
const sites = () => {
  const graph = graphOf({
    inputs: { ids: null, image: null },
    constants: weights,
    nodes,
    outputs: ["logits", "tokens"],
  });
  return { graph, sites: findSites(modelOf(graph), () => true) };
};
const method = peftMethods[0]!;
const none = new Set<never>();

test("weights that serve in two ways, and grouped channels, bear no adapter, and it is said why", () => {
  expect(sites().sites.map((s) => [s.module, s.refusal])).toEqual([
    ["emb", 'its weight serves Gather "e" and MatMul "tokens" in two ways (tied weights)'],
    ["fc", null],
    ["depth", "its channels are in groups"],
    ["head", null],
  ]);
});

describe("targets", () => {
  test("all-linear are the linear layers but the classifier's", () => {
    const { graph, sites: all } = sites();
    const head = new Set(graph.initializers.filter((v) => v.name === "head.weight"));
    expect(chooseSites(all, "all-linear", { method, head }).map((s) => s.module)).toEqual(["fc"]);
    expect(chooseSites(all, "fc|head", { method, head }).map((s) => s.module)).toEqual(["fc", "head"]);
  });

  test("that match nothing are refused with what could match", () => {
    expect(() => chooseSites(sites().sites, "query", { method, head: none })).toThrow(
      'peft.targets "query" matches no layer for LoRA; layers that it can sit on: fc (linear), head (linear)',
    );
  });

  test("that name convolutions for a method of linear layers are refused with both", () => {
    const series = peftMethods.find((m) => m.name === "series-adapter")!;
    expect(() => chooseSites(sites().sites, "depth", { method: series, head: none })).toThrow(
      'peft.targets "depth" matches no layer for series adapter, which sits on layers of kind linear alone, not on depth (conv); ' +
        "layers that it can sit on: fc (linear), head (linear)",
    );
    const convolutions = sites().sites.filter((s) => s.kind === "conv");
    expect(() => chooseSites(convolutions, "all-linear", { method: series, head: none })).toThrow(
      /alone, not on depth \(conv\); the model has none in its main graph that it could sit on/u,
    );
  });

  test("that take in a layer without room for an adapter are refused with the reason", () => {
    expect(() => chooseSites(sites().sites, "emb|fc", { method, head: none })).toThrow(
      /emb: .*tied weights/u,
    );
  });

  test("that are no regular expression are refused", () => {
    expect(() => chooseSites(sites().sites, "(", { method, head: none })).toThrow(
      /peft.targets "\(" is no regular/u,
    );
  });
});
