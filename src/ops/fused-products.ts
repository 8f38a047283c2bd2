import { float } from "../onnx/attribute.ts";
import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { defineComposite, type LowerContext, type OpDef } from "./define.ts";
import type { Attributes, OpBuilder } from "./op-builder.ts";

const domain = "com.microsoft";

/** Products that ONNX Runtime's optimizer fused with what stands beside them, taken apart again. */
export const fusedProductOps: readonly OpDef[] = [
  /** FusedMatMul(A, B): α op(A) op(B). github.com/microsoft/onnxruntime, docs/ContribOperators.md */
  defineComposite({ domain, opType: "FusedMatMul", opsets: [1, 1], lower: lowerFusedMatMul }),
  /** TransposeMatMul(A, B): the older name of FusedMatMul. */
  defineComposite({ domain, opType: "TransposeMatMul", opsets: [1, 1], lower: lowerFusedMatMul }),
  /** FusedGemm(A, B, C): an activation of a Gemm. */
  defineComposite({ domain, opType: "FusedGemm", opsets: [1, 1], lower: lowerFusedGemm }),
  /** FusedConv(X, W, B, Z): an activation of a Conv, with Z added before it. */
  defineComposite({ domain, opType: "FusedConv", opsets: [1, 1], lower: lowerFusedConv }),
];

function lowerFusedMatMul({ b, node, input }: LowerContext): readonly Value[] {
  const operand = (i: number, side: "A" | "B"): Value => {
    let x = input(i);
    const rank = x.dims.length;
    // transBatch: the rows lie before the batch axes.
    if (node.int(`transBatch${side}`, 0) === 1)
      x = b.transpose(x, [...Array.from({ length: rank - 2 }, (_, k) => k + 1), 0, rank - 1]);
    return node.int(`trans${side}`, 0) === 1 && rank >= 2 ? b.transposeLast(x) : x;
  };
  return [b.scale(b.matmul(operand(0, "A"), operand(1, "B")), node.float("alpha", 1))];
}

function lowerFusedGemm({ b, node, input, optional }: LowerContext): readonly Value[] {
  const c = optional(2);
  const product = b.op("Gemm", c === null ? [input(0), input(1)] : [input(0), input(1), c], {
    alpha: float(node.float("alpha", 1)),
    beta: float(node.float("beta", 1)),
    transA: node.int("transA", 0),
    transB: node.int("transB", 0),
  });
  const parameters = ["activation_alpha", "activation_beta", "activation_gamma"].flatMap((name) =>
    node.has(name) ? [node.float(name)] : [],
  );
  return [activated(b, product, node, parameters)];
}

function lowerFusedConv({ b, node, input, optional }: LowerContext): readonly Value[] {
  const attributes: Attributes = Object.fromEntries(
    [...node.attributes].filter(([name]) => !name.startsWith("activation")),
  );
  const bias = optional(2);
  const y = b.op("Conv", bias === null ? [input(0), input(1)] : [input(0), input(1), bias], attributes);
  const z = optional(3);
  return [activated(b, z === null ? y : b.add(y, z), node, node.floats("activation_params", []))];
}

/** Names of the parameters of activations that have some, in the order in which fused nodes list them. */
const activationParameters: Readonly<Record<string, readonly string[]>> = {
  Relu: [],
  Tanh: [],
  Sigmoid: [],
  Softsign: [],
  Softplus: [],
  LeakyRelu: ["alpha"],
  Elu: ["alpha"],
  ThresholdedRelu: ["alpha"],
  HardSigmoid: ["alpha", "beta"],
  Selu: ["alpha", "gamma"],
};

function activated(b: OpBuilder, x: Value, node: Node, parameters: readonly number[]): Value {
  const name = node.string("activation", "");
  if (name === "") return x;
  if (name === "Clip") {
    const bounds = parameters.slice(0, 2).map((p) => b.scalar(p, x.dtype));
    return b.op("Clip", [x, ...bounds]);
  }
  const names = activationParameters[name] ?? node.fail(`activation "${name}" is unknown`);
  const attributes = names.flatMap((key, i) => {
    const value = parameters[i];
    return value === undefined ? [] : [[key, float(value)] as const];
  });
  return b.op(name, [x], Object.fromEntries(attributes));
}
