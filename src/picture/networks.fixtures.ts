import { modelOf } from "../../test/support/graph-of.ts";
import { Graph } from "../onnx/graph.ts";
import type { Model } from "../onnx/model.ts";
import { Node, type NodeInit } from "../onnx/node.ts";
import { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import { tensor } from "../tensor/tensor.ts";

type Dims = readonly (number | string)[];

/** Writes small models node by node, the way exporters do. */
export class NetworkWriter {
  readonly graph: Graph = new Graph("net");
  private count = 0;

  input(name: string, dims: Dims, dtype: "float32" | "int64" = "float32"): Value {
    const value = new Value(name);
    value.declared = { dtype, dims };
    this.graph.inputs.push(value);
    return value;
  }

  weight(...dims: number[]): Value {
    const value = new Value(`w${this.count++}`);
    value.constant = tensor("float32", dims, new Float32Array(sizeOf(dims)).fill(0.5 + this.count / 64));
    this.graph.initializers.push(value);
    return value;
  }

  scalar(x: number): Value {
    const value = new Value(`c${this.count++}`);
    value.constant = tensor("float32", [], Float32Array.of(x));
    this.graph.initializers.push(value);
    return value;
  }

  op(opType: string, inputs: readonly Value[], attributes: NodeInit["attributes"] = {}, name = ""): Value {
    const node = new Node(opType, inputs, 1, { attributes, name });
    this.graph.nodes.push(node);
    node.output().name = `v${this.count++}`;
    return node.output();
  }

  linear(x: Value, from: number, to: number, name = ""): Value {
    return this.op("Add", [this.weight(to), this.op("MatMul", [x, this.weight(from, to)], {}, name)]);
  }

  conv(x: Value, from: number, to: number, size = 3): Value {
    return this.op("Conv", [x, this.weight(to, from, size, size), this.weight(to)], {
      kernel_shape: [size, size],
    });
  }

  /** Spelled out, as exports up to opset 16 have it. */
  layerNorm(x: Value, width: number): Value {
    const centred = this.op("Sub", [x, this.op("ReduceMean", [x], { axes: [-1] })]);
    const variance = this.op("ReduceMean", [this.op("Pow", [centred, this.scalar(2)])], { axes: [-1] });
    const deviation = this.op("Sqrt", [this.op("Add", [variance, this.scalar(1e-5)])]);
    const unit = this.op("Div", [centred, deviation]);
    return this.op("Add", [this.op("Mul", [unit, this.weight(width)]), this.weight(width)]);
  }

  gelu(x: Value): Value {
    const erf = this.op("Erf", [this.op("Div", [x, this.scalar(Math.SQRT2)])]);
    return this.op("Mul", [this.op("Mul", [x, this.op("Add", [erf, this.scalar(1)])]), this.scalar(0.5)]);
  }

  model(output: Value): Model {
    output.name = "y";
    this.graph.outputs.push(output);
    return modelOf(this.graph, 17);
  }
}

/** A transformer encoder in post-norm order over token ids and a mask that every layer reads. */
export function createTransformer(layers: number, width = 8): Model {
  const w = new NetworkWriter();
  const ids = w.input("ids", ["batch", "tokens"], "int64");
  const mask = w.op("Mul", [
    w.op("Sub", [w.scalar(1), w.input("mask", ["batch", 1, 1, "tokens"])]),
    w.scalar(-1e4),
  ]);
  let x = w.layerNorm(w.op("Gather", [w.weight(100, width), ids]), width);
  for (let i = 0; i < layers; i++) {
    const at = (part: string) => `/encoder/layer.${i}/${part}/MatMul`;
    const [q, k, v] = ["q", "k", "v"].map((name) => w.linear(x, width, width, at(name))) as [
      Value,
      Value,
      Value,
    ];
    const turned = w.op("Transpose", [k], { perm: [0, 2, 1] });
    const scores = w.op("Add", [w.op("Div", [w.op("MatMul", [q, turned]), w.scalar(2)]), mask]);
    const mixed = w.op("MatMul", [w.op("Softmax", [scores], { axis: -1 }), v]);
    const attended = w.layerNorm(w.op("Add", [w.linear(mixed, width, width, at("out")), x]), width);
    const hidden = w.gelu(w.linear(attended, width, 4 * width, at("up")));
    x = w.layerNorm(w.op("Add", [w.linear(hidden, 4 * width, width, at("down")), attended]), width);
  }
  return w.model(w.linear(x, width, 3));
}

/** Residual blocks of equal width between a first convolution and a classifier. */
export function createResidualNet(blocks: number): Model {
  const w = new NetworkWriter();
  let x = w.op("Relu", [w.conv(w.input("image", [1, 3, 16, 16]), 3, 8, 7)]);
  for (let i = 0; i < blocks; i++) {
    const inner = w.conv(w.op("Relu", [w.conv(x, 8, 8)]), 8, 8);
    x = w.op("Relu", [w.op("Add", [inner, x])]);
  }
  const flat = w.op("Flatten", [w.op("GlobalAveragePool", [x])]);
  return w.model(w.op("Gemm", [flat, w.weight(5, 8), w.weight(5)], { transB: 1 }));
}

/** A two-level U-Net: what goes down is read again on the way up. */
export function createUNet(): Model {
  const w = new NetworkWriter();
  const first = w.op("Relu", [w.conv(w.input("image", [1, 1, 16, 16]), 1, 4)]);
  const second = w.op("Relu", [w.conv(w.op("MaxPool", [first], { kernel_shape: [2, 2] }), 4, 8)]);
  const deep = w.op("Relu", [w.conv(w.op("MaxPool", [second], { kernel_shape: [2, 2] }), 8, 16)]);
  const up = (x: Value, from: number, to: number) =>
    w.op("ConvTranspose", [x, w.weight(from, to, 2, 2)], { strides: [2, 2], kernel_shape: [2, 2] });
  const lower = w.op("Relu", [w.conv(w.op("Concat", [up(deep, 16, 8), second], { axis: 1 }), 16, 8)]);
  const upper = w.op("Relu", [w.conv(w.op("Concat", [up(lower, 8, 4), first], { axis: 1 }), 8, 4)]);
  return w.model(w.conv(upper, 4, 1, 1));
}
