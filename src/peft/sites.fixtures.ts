import { type GraphText, graphOf, modelOf, type NodeText } from "../../test/support/graph-of.ts";
import { float } from "../onnx/attribute.ts";
import type { Model } from "../onnx/model.ts";
import { Node } from "../onnx/node.ts";
import type { DeclaredType } from "../onnx/type.ts";
import { Value } from "../onnx/value.ts";
import { floatToBfloat16, floatToHalf } from "../tensor/half.ts";
import { createRandom } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** A small model with one layer that adapters can sit on, and an input for it. */
export interface SiteCase {
  readonly title: string;
  readonly kind: "linear" | "conv" | "embedding";
  readonly model: () => Model;
  readonly feeds: ReadonlyMap<string, Tensor>;
  readonly isQuantized?: true;
  /** What the weights are stored in; float32 if left out. */
  readonly stored?: "float16" | "bfloat16";
}

const random = createRandom(3);
const floats = (...dims: number[]) =>
  tensor(
    "float32",
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal() * 0.5),
  );
const half = (t: Tensor<"float32">) => tensor("float16", t.dims, Uint16Array.from(t.data, floatToHalf));
const brain = (t: Tensor<"float32">) => tensor("bfloat16", t.dims, Uint16Array.from(t.data, floatToBfloat16));

function siteCase(
  title: string,
  kind: SiteCase["kind"],
  text: {
    readonly x: Tensor;
    readonly constants: Readonly<Record<string, Tensor>>;
    readonly nodes: readonly NodeText[];
  } & Pick<SiteCase, "isQuantized" | "stored">,
): SiteCase {
  const { x, constants, nodes, isQuantized, stored } = text;
  const declared: DeclaredType = { dtype: x.dtype, dims: x.dims };
  const graph: GraphText = {
    inputs: { x: declared },
    constants,
    nodes,
    outputs: ["y"],
    declared: { y: { dtype: x.dtype === "int64" ? "float32" : x.dtype, dims: null } },
  };
  return {
    title,
    kind,
    feeds: new Map([["x", x]]),
    ...(isQuantized ? { isQuantized } : {}),
    ...(stored ? { stored } : {}),
    model: () => {
      const model = modelOf(graphOf(graph));
      model.graph.nodes.forEach((node, i) => {
        node.name = `/block/layer.${i}/${node.opType}`;
      });
      return model;
    },
  };
}

/** y [2, 5] = x [2, 16] · Wᵀ with W in four bits, in blocks of 16. */
const fourBits: SiteCase = {
  title: "MatMulNBits",
  kind: "linear",
  isQuantized: true,
  feeds: new Map([["x", floats(2, 16)]]),
  model: () => {
    const packed = Uint8Array.from({ length: 40 }, (_, i) => (37 * i) % 256);
    const graph = graphOf({
      inputs: { x: { dtype: "float32", dims: [2, 16] } },
      constants: {
        fc_Q4: tensor("uint8", [5, 1, 8], packed),
        fc_scales: tensor("float32", [5], Float32Array.of(0.1, 0.05, 0.2, 0.1, 0.07)),
      },
      nodes: [],
      outputs: [],
    });
    const node = new Node("MatMulNBits", [...graph.inputs, ...graph.initializers], [new Value("y")], {
      domain: "com.microsoft",
      name: "/block/fc/MatMul_Q4",
      attributes: { K: 16, N: 5, bits: 4, block_size: 16 },
    });
    node.output().declared = { dtype: "float32", dims: [2, 5] };
    graph.nodes.push(node);
    graph.outputs.push(node.output());
    const model = modelOf(graph);
    model.opsets.set("com.microsoft", 1);
    return model;
  },
};

export const siteCases: readonly SiteCase[] = [
  siteCase("MatMul and a bias", "linear", {
    x: floats(2, 3, 6),
    constants: { "onnx::MatMul_1": floats(6, 5), "fc.bias": floats(5) },
    nodes: [
      ["MatMul", ["x", "onnx::MatMul_1"], ["p"]],
      ["Add", ["fc.bias", "p"], ["y"]],
    ],
  }),
  siteCase("MatMul of a transposed weight", "linear", {
    x: floats(2, 3, 6),
    constants: { "fc.weight": floats(5, 6) },
    nodes: [
      ["Transpose", ["fc.weight"], ["w"], { perm: [1, 0] }],
      ["MatMul", ["x", "w"], ["p"]],
      ["Tanh", ["p"], ["y"]],
    ],
  }),
  siteCase("Gemm with transB, alpha and beta", "linear", {
    x: floats(4, 6),
    constants: { "fc.weight": floats(5, 6), "fc.bias": floats(5) },
    nodes: [["Gemm", ["x", "fc.weight", "fc.bias"], ["y"], { transB: 1, alpha: float(0.5), beta: float(2) }]],
  }),
  siteCase("Gemm with transA", "linear", {
    x: floats(6, 4),
    constants: { "fc.weight": floats(6, 5) },
    nodes: [["Gemm", ["x", "fc.weight"], ["y"], { transA: 1 }]],
  }),
  siteCase("a layer used twice", "linear", {
    x: floats(2, 5),
    constants: { "shared.weight": floats(5, 5), "shared.bias": floats(5) },
    nodes: [
      ["Gemm", ["x", "shared.weight", "shared.bias"], ["h"], { transB: 1 }],
      ["Tanh", ["h"], ["t"]],
      ["Gemm", ["t", "shared.weight", "shared.bias"], ["y"], { transB: 1 }],
    ],
  }),
  siteCase("Conv 1×1", "conv", {
    x: floats(2, 4, 3, 3),
    constants: { "conv.weight": floats(5, 4, 1, 1), "conv.bias": floats(5) },
    nodes: [["Conv", ["x", "conv.weight", "conv.bias"], ["y"]]],
  }),
  siteCase("Conv 3×3 with stride and pads", "conv", {
    x: floats(2, 4, 6, 6),
    constants: { "conv.weight": floats(5, 4, 3, 3) },
    nodes: [
      ["Conv", ["x", "conv.weight"], ["y"], { strides: [2, 2], pads: [1, 1, 1, 1], kernel_shape: [3, 3] }],
    ],
  }),
  siteCase("an embedding", "embedding", {
    x: tensor("int64", [2, 3], BigInt64Array.of(1n, 0n, 6n, 3n, 3n, 2n)),
    constants: { "emb.weight": floats(7, 5) },
    nodes: [["Gather", ["emb.weight", "x"], ["y"]]],
  }),
  siteCase("MatMul in float16", "linear", {
    x: half(floats(2, 3, 6)),
    constants: { "fc.weight": half(floats(6, 5)), "fc.bias": half(floats(5)) },
    nodes: [
      ["MatMul", ["x", "fc.weight"], ["p"]],
      ["Add", ["p", "fc.bias"], ["y"]],
    ],
    stored: "float16",
  }),
  siteCase("a weight kept in bfloat16", "linear", {
    x: floats(2, 3, 6),
    constants: { "fc.weight": brain(floats(6, 5)) },
    nodes: [
      ["Cast", ["fc.weight"], ["w"], { to: 1 }],
      ["MatMul", ["x", "w"], ["y"]],
    ],
    stored: "bfloat16",
  }),
  siteCase("a weight kept in int8", "linear", {
    x: floats(2, 3, 6),
    constants: {
      "fc.weight_quantized": tensor(
        "int8",
        [6, 5],
        Int8Array.from({ length: 30 }, () => random.integer(255) - 127),
      ),
      scale: tensor("float32", [], Float32Array.of(0.01)),
    },
    nodes: [
      ["DequantizeLinear", ["fc.weight_quantized", "scale"], ["w"]],
      ["MatMul", ["x", "w"], ["y"]],
    ],
    isQuantized: true,
  }),
  fourBits,
];
