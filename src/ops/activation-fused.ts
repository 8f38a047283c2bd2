import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import {
  defineComposite,
  defineOp,
  type InferContext,
  LATEST,
  type LowerContext,
  type OpDef,
  type VjpRule,
} from "./define.ts";
import { geluDerivative, geluTanhDerivative } from "./gelu.ts";

const MICROSOFT = "com.microsoft";

/**
 * Activations that are products of others, and those of ONNX Runtime's own domain, as its optimizer writes them.
 * Those stay one node: the forward kernel is faster than its parts.
 */
export const fusedActivationOps: readonly OpDef[] = [
  /** Mish(X): Y = X · tanh(softplus(X)). https://onnx.ai/onnx/operators/onnx__Mish.html */
  defineComposite({
    opType: "Mish",
    opsets: [18, LATEST],
    lower: ({ b, input }) => [b.mul(input(0), b.op("Tanh", [b.op("Softplus", [input(0)])]))],
  }),
  /** Swish(X): Y = X · σ(alpha · X). https://onnx.ai/onnx/operators/onnx__Swish.html */
  defineComposite({ opType: "Swish", opsets: [24, LATEST], lower: (ctx) => [swish(ctx, 1)] }),
  /** QuickGelu(X): Y = X · σ(alpha · X). ContribOperators.md, com.microsoft.QuickGelu */
  defineComposite({
    opType: "QuickGelu",
    domain: MICROSOFT,
    opsets: [1, LATEST],
    lower: (ctx) => [swish(ctx, 1.702)],
  }),
  /** Gelu(X): Y = X · Φ(X). ContribOperators.md, com.microsoft.Gelu */
  defineOp({
    opType: "Gelu",
    domain: MICROSOFT,
    opsets: [1, LATEST],
    infer: sameAsFirst,
    vjp: afterBias(geluDerivative),
  }),
  /** BiasGelu(A, B [K]): Gelu of A + B. ContribOperators.md, com.microsoft.BiasGelu */
  defineOp({
    opType: "BiasGelu",
    domain: MICROSOFT,
    opsets: [1, LATEST],
    infer: sameAsFirst,
    vjp: afterBias(geluDerivative),
  }),
  /** FastGelu(X, bias [K]): the tanh approximation of Gelu, of X + bias. ContribOperators.md, com.microsoft.FastGelu */
  defineOp({
    opType: "FastGelu",
    domain: MICROSOFT,
    opsets: [1, LATEST],
    infer: sameAsFirst,
    vjp: afterBias(geluTanhDerivative),
  }),
];

function sameAsFirst(ctx: InferContext): readonly TensorType[] {
  return [ctx.type(0)];
}

function swish({ b, node, input }: LowerContext, alpha: number): Value {
  const x = input(0);
  return b.mul(x, b.op("Sigmoid", [b.scale(x, node.float("alpha", alpha))]));
}

/** The derivative of an activation of X + bias, where the bias [K] may be left out. */
function afterBias(derivative: typeof geluDerivative): VjpRule {
  return ({ b, node, ct, needs }) => {
    const bias = node.hasInput(1) ? node.input(1) : null;
    const x = bias ? b.add(node.input(0), bias) : node.input(0);
    const dx = derivative({ b, ct, x, y: node.output() });
    return [dx, bias && needs(1) ? b.unbroadcast(dx, bias.dims) : null];
  };
}
