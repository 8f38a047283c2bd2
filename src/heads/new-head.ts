import { ModelError } from "../errors.ts";
import { type AttributeInit, float } from "../onnx/attribute.ts";
import { cutAt } from "../onnx/edit.ts";
import { type Model, opsetOf } from "../onnx/model.ts";
import { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import { Value } from "../onnx/value.ts";
import { dataTypes } from "../tensor/data-type.ts";
import { createRandom } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { type Pooling, pool } from "./pooling.ts";

export interface NewHeadOptions {
  /** What the head reads: [B, D], [B, T, D] (a sequence) or [B, D, H, W, …] (a map). The head is float32 whatever this is. */
  readonly feature: Value;
  /** Its type for concrete input shapes. */
  readonly type: TensorType;
  readonly classes: number;
  readonly pooling: Pooling;
  /** Integer [B, T], 1 where a position of a sequence counts and 0 where it is padding; every position counts if left out. */
  readonly mask?: Value;
  readonly seed: number;
}

export interface NewHead {
  /** The model's only output now: float32 [B, classes]. */
  readonly logits: Value;
  /** Weight [classes, D] and bias [classes]. */
  readonly parameters: readonly Value[];
  /** How the feature was pooled, in words. */
  readonly pooled: string;
}

/**
 * Replaces the model's outputs by a linear classifier on a value of the graph. What only the old outputs needed is
 * taken out. Weights are drawn from U(−1/√D, 1/√D), as PyTorch's Linear does; the bias is zero.
 *
 * @throws ModelError if the feature is not of a rank that can be pooled to one vector
 */
export function putNewHead(model: Model, options: NewHeadOptions): NewHead {
  const { feature, type, classes, seed } = options;
  const isHalf = type.dtype === "float16" || type.dtype === "bfloat16";
  if (type.dtype !== "float32" && !isHalf) {
    throw new ModelError(
      `a new head needs a feature of float32, float16 or bfloat16; "${feature.name}" is ${type.dtype}`,
    );
  }
  const { graph } = model;
  const batch = graph.inputs[0]?.declared?.dims?.[0] ?? "batch";
  cutAt(graph, [feature]);
  // An encoder that read its mask nowhere else has lost that input with the old outputs.
  if (options.mask && !graph.inputs.includes(options.mask)) graph.inputs.push(options.mask);
  // Names that went with the old head are free: a model whose output was "logits" has an output "logits" again.
  const names = new Set([...graph.values()].map((v) => v.name));
  const fresh = (name: string) => {
    let unique = name;
    for (let i = 1; names.has(unique); i++) unique = `${name}_${i}`;
    names.add(unique);
    return unique;
  };

  const append = (
    opType: string,
    inputs: readonly Value[],
    name: string,
    attributes: Record<string, AttributeInit>,
  ) => {
    const node = new Node(opType, inputs, [new Value(fresh(`${name}_out`))], {
      name: fresh(name),
      attributes,
    });
    graph.nodes.push(node);
    return node.output();
  };
  const store = (t: Tensor, name: string) => {
    const value = new Value(fresh(name), { dtype: t.dtype, dims: t.dims });
    value.constant = t;
    graph.initializers.push(value);
    return value;
  };
  const wide = isHalf ? append("Cast", [feature], "head_cast", { to: dataTypes.float32.code }) : feature;
  const { vector, width, pooled } = pool({ ...options, feature: wide }, opsetOf(model) ?? 1, append, store);

  const bound = 1 / Math.sqrt(width);
  const random = createRandom(seed);
  const drawn = Float32Array.from({ length: classes * width }, () => bound * (2 * random.next() - 1));
  const weight = store(tensor("float32", [classes, width], drawn), "head.weight");
  const bias = store(tensor("float32", [classes], new Float32Array(classes)), "head.bias");
  const logits = append("Gemm", [vector, weight, bias], "head", {
    transB: 1,
    alpha: float(1),
    beta: float(1),
  });
  logits.name = fresh("logits");
  logits.declared = { dtype: "float32", dims: [batch, classes] };
  graph.outputs = [logits];
  return { logits, parameters: [weight, bias], pooled };
}
