import { float } from "../onnx/attribute.ts";
import type { Value } from "../onnx/value.ts";
import type { OpBuilder } from "./op-builder.ts";

/** Where the derivative of Gelu is taken: input, output, and the output's cotangent. */
export interface GeluPoint {
  readonly b: OpBuilder;
  readonly x: Value;
  readonly y: Value;
  readonly ct: Value;
}

/**
 * dX = dY (Φ(X) + X φ(X)), with Φ(X) = (1 + erf t) / 2, X φ(X) = t e^(−t² − ½ ln π), t = X / √2: nine passes over memory,
 * each of which costs more than its arithmetic.
 */
export function geluDerivative({ b, ct, x }: GeluPoint): Value {
  const t = b.scale(x, Math.SQRT1_2);
  const bell = b.op("Exp", [b.sub(b.scalar(-0.5 * Math.log(Math.PI), x.dtype), b.mul(t, t))]);
  return b.mul(ct, b.add(half(b, b.op("Erf", [t])), b.mul(t, bell)));
}

/** ½ + ½ y for y from −1 to 1. HardSigmoid does it in one pass; ONNX Runtime's CPU has it for float32 alone. */
function half(b: OpBuilder, y: Value): Value {
  if (y.dtype !== "float32") return b.shift(b.scale(y, 0.5), 0.5);
  return b.op("HardSigmoid", [y], { alpha: float(0.5), beta: float(0.5) });
}

/** With s = σ(2u), u = √(2/π) (X + 0.044715 X³), Y = X s: dX = dY (s + X s (1 − s) · 2u′). */
export function geluTanhDerivative({ b, ct, x, y }: GeluPoint): Value {
  const c = 2 * Math.sqrt(2 / Math.PI);
  const square = b.mul(x, x);
  const s = b.op("Sigmoid", [b.mul(x, b.shift(b.scale(square, 0.044715 * c), c))]);
  const slope = b.shift(b.scale(square, 3 * 0.044715 * c), c);
  return b.mul(ct, b.add(s, b.mul(b.sub(y, b.mul(y, s)), slope)));
}
