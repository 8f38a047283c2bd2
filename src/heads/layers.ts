import type { Value } from "../onnx/value.ts";
import type { Random } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import { type GraphEnd, gemm } from "./graph-end.ts";
import type { HeadForm } from "./new-head.ts";

export type Activation = "gelu" | "relu" | "tanh";

/** One layer of a head. */
export interface LayerOptions {
  /** Of its input: [B, D], [B, T, D] or [B, D, h, w]. */
  readonly form: HeadForm;
  /** D. */
  readonly width: number;
  /** Units that it gives. */
  readonly units: number;
  /** Prefix of its names: `head`, say. */
  readonly name: string;
  readonly random: Random;
}

/**
 * Appends a linear layer over the features. Weights are drawn from U(−1/√D, 1/√D), as PyTorch's Linear does; the bias is
 * zero. The weight is [units, D], of a map [units, D, 1, 1], and of positions [D, units], as a matrix product takes it.
 */
export function linear(
  end: GraphEnd,
  x: Value,
  { form, width, units, name, random }: LayerOptions,
): { readonly y: Value; readonly parameters: readonly [weight: Value, bias: Value] } {
  const bound = 1 / Math.sqrt(width);
  const drawn = Float32Array.from({ length: units * width }, () => bound * (2 * random.next() - 1));
  const dims = { vector: [units, width], positions: [width, units], map: [units, width, 1, 1] }[form];
  const weight = end.store(tensor("float32", dims, drawn), `${name}.weight`);
  const bias = end.store(tensor("float32", [units], new Float32Array(units)), `${name}.bias`);
  const parameters = [weight, bias] as const;
  switch (form) {
    case "vector":
      return { y: gemm(end, x, weight, bias, name), parameters };
    case "positions":
      return { y: end.append("Add", [end.append("MatMul", [x, weight], name), bias], name), parameters };
    case "map":
      return { y: end.append("Conv", [x, weight, bias], name), parameters };
  }
}

/** Appends an activation. GELU is the exact one, by the error function where the operator set has no Gelu yet. */
export function activate(end: GraphEnd, x: Value, activation: Activation): Value {
  const { append } = end;
  if (activation === "relu") return append("Relu", [x], "head_relu");
  if (activation === "tanh") return append("Tanh", [x], "head_tanh");
  if (end.opset >= 20) return append("Gelu", [x], "head_gelu");
  const error = append(
    "Erf",
    [append("Mul", [x, end.scalar(Math.SQRT1_2, "head.root")], "head_gelu")],
    "head_gelu",
  );
  const share = append(
    "Mul",
    [append("Add", [error, end.scalar(1, "head.one")], "head_gelu"), x],
    "head_gelu",
  );
  return append("Mul", [share, end.scalar(0.5, "head.half")], "head_gelu");
}
