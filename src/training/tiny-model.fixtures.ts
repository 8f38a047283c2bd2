import { encodeModel } from "../onnx/encode.ts";
import { Graph } from "../onnx/graph.ts";
import { Node, type NodeInit } from "../onnx/node.ts";
import { Value } from "../onnx/value.ts";
import { createRandom } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { tensor } from "../tensor/tensor.ts";

const SIZE = 8;
const CLASSES = 3;

/** A convolutional network from grey images [batch, 1, 8, 8] to logits [batch, 3]. */
export function createTinyModel(): Uint8Array {
  const random = createRandom(7);
  const graph = new Graph("tiny");
  const input = new Value("image");
  input.declared = { dtype: "float32", dims: ["batch", 1, SIZE, SIZE] };
  graph.inputs.push(input);
  const weight = (name: string, dims: readonly number[]): Value => {
    const value = new Value(name);
    const data = Float32Array.from({ length: sizeOf(dims) }, () => random.normal() * 0.4);
    value.constant = tensor("float32", dims, data);
    graph.initializers.push(value);
    return value;
  };
  const apply = (opType: string, inputs: readonly Value[], init: NodeInit = {}): Value => {
    const node = new Node(opType, inputs, 1, init);
    graph.nodes.push(node);
    return node.output();
  };
  const conv = apply("Conv", [input, weight("conv.weight", [4, 1, 3, 3]), weight("conv.bias", [4])], {
    attributes: { pads: [1, 1, 1, 1], kernel_shape: [3, 3] },
  });
  const pooled = apply("Flatten", [apply("GlobalAveragePool", [apply("Relu", [conv])])]);
  const logits = apply("Gemm", [pooled, weight("fc.weight", [CLASSES, 4]), weight("fc.bias", [CLASSES])], {
    attributes: { transB: 1 },
  });
  logits.name = "logits";
  logits.declared = { dtype: "float32", dims: ["batch", CLASSES] };
  graph.outputs.push(logits);
  return encodeModel({
    graph,
    irVersion: 8,
    opsets: new Map([["", 17]]),
    functions: [],
    producerName: "tiny",
    producerVersion: "1",
    metadata: new Map([["kept", "yes"]]),
    origin: null,
  });
}
