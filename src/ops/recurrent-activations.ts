import { float } from "../onnx/attribute.ts";
import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import type { OpBuilder } from "./op-builder.ts";

/** An activation of a recurrent operator, with its constants put in. */
export type Activation = (b: OpBuilder, x: Value) => Value;

interface ActivationInfo {
  /** Default of each constant that the activation takes; null where it has none. */
  readonly alpha?: number | null;
  readonly beta?: number | null;
  readonly apply: (b: OpBuilder, x: Value, alpha: number, beta: number) => Value;
}

/** The activations that RNN, GRU and LSTM may name, in lower case. https://onnx.ai/onnx/operators/onnx__LSTM.html */
const activations: Readonly<Record<string, ActivationInfo>> = {
  relu: { apply: (b, x) => b.op("Relu", [x]) },
  tanh: { apply: (b, x) => b.op("Tanh", [x]) },
  sigmoid: { apply: (b, x) => b.op("Sigmoid", [x]) },
  softsign: { apply: (b, x) => b.op("Softsign", [x]) },
  softplus: { apply: (b, x) => b.op("Softplus", [x]) },
  affine: { alpha: 1, beta: 0, apply: (b, x, alpha, beta) => b.shift(b.scale(x, alpha), beta) },
  leakyrelu: { alpha: 0.01, apply: (b, x, alpha) => b.op("LeakyRelu", [x], { alpha: float(alpha) }) },
  thresholdedrelu: {
    alpha: 1,
    apply: (b, x, alpha) => b.op("ThresholdedRelu", [x], { alpha: float(alpha) }),
  },
  // alpha · tanh(beta · x)
  scaledtanh: {
    alpha: null,
    beta: null,
    apply: (b, x, alpha, beta) => b.scale(b.op("Tanh", [b.scale(x, beta)]), alpha),
  },
  hardsigmoid: {
    alpha: 0.2,
    beta: 0.5,
    apply: (b, x, alpha, beta) => b.op("HardSigmoid", [x], { alpha: float(alpha), beta: float(beta) }),
  },
  elu: { alpha: 1, apply: (b, x, alpha) => b.op("Elu", [x], { alpha: float(alpha) }) },
};

/**
 * The activations of a recurrent node, for each direction as many as `defaults` names. `activation_alpha` and
 * `activation_beta` are taken in order by those activations that have such a constant.
 *
 * @throws ModelError for an unknown activation or a wrong number of them
 */
export function activationsOf(node: Node, defaults: readonly string[], directions: number): Activation[][] {
  const all = Array.from({ length: directions }, () => defaults).flat();
  const names = node.strings("activations", all);
  if (names.length !== all.length)
    node.fail(`attribute activations has ${names.length} entries, expected ${all.length}`);
  const alphas = [...node.floats("activation_alpha", [])];
  const betas = [...node.floats("activation_beta", [])];
  const resolved = names.map((name): Activation => {
    const info = activations[name.toLowerCase()];
    if (!info)
      return node.fail(
        `activation "${name}" is not one of ${Object.keys(activations).join(", ")} (in any case of letters)`,
      );
    const take = (list: number[], otherwise: number | null | undefined): number => {
      if (otherwise === undefined) return 0; // the activation has no such constant
      return list.shift() ?? otherwise ?? node.fail(`activation "${name}" lacks its alpha or beta`);
    };
    const alpha = take(alphas, info.alpha);
    const beta = take(betas, info.beta);
    return (b, x) => info.apply(b, x, alpha, beta);
  });
  return Array.from({ length: directions }, (_, i) =>
    resolved.slice(i * defaults.length, (i + 1) * defaults.length),
  );
}
