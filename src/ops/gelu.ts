import type { Value } from "../onnx/value.ts";
import type { OpBuilder } from "./op-builder.ts";

/** Where the derivative of Gelu is taken: input, output, and the output's cotangent. */
export interface GeluPoint {
  readonly b: OpBuilder;
  readonly x: Value;
  readonly y: Value;
  readonly ct: Value;
}

/** dX = dY (Φ(X) + X φ(X)), with Φ(X) = (1 + erf t) / 2, X φ(X) = t e^(−t²) / √π, t = X / √2. */
export function geluDerivative({ b, ct, x }: GeluPoint): Value {
  const t = b.scale(x, Math.SQRT1_2);
  const bell = b.op("Exp", [b.neg(b.mul(t, t))]);
  const cdf = b.shift(b.scale(b.op("Erf", [t]), 0.5), 0.5);
  return b.mul(ct, b.add(cdf, b.mul(b.scale(t, 1 / Math.sqrt(Math.PI)), bell)));
}

/** With s = σ(2u), u = √(2/π) (X + 0.044715 X³), Y = X s: dX = dY (s + X s (1 − s) · 2u′). */
export function geluTanhDerivative({ b, ct, x, y }: GeluPoint): Value {
  const c = 2 * Math.sqrt(2 / Math.PI);
  const square = b.mul(x, x);
  const s = b.op("Sigmoid", [b.mul(x, b.shift(b.scale(square, 0.044715 * c), c))]);
  const slope = b.shift(b.scale(square, 3 * 0.044715 * c), c);
  return b.mul(ct, b.add(s, b.mul(b.sub(y, b.mul(y, s)), slope)));
}
