import type { Value } from "../onnx/value.ts";
import { defineOp, LATEST, type OpDef } from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";
import { elementwise, locallyConstant, signOf } from "./rule-parts.ts";
import { broadcastInputs, broadcastTo } from "./typing-rules.ts";

/** Functions of one input, element by element, and operators on the bits of integers. */
export const unaryOps: readonly OpDef[] = [
  /** Neg(X): Y = −X. https://onnx.ai/onnx/operators/onnx__Neg.html */
  elementwise("Neg", 6, ({ b, ct }) => b.neg(ct)),
  /** Abs(X): Y = |X|; the derivative at 0 is taken as 0. https://onnx.ai/onnx/operators/onnx__Abs.html */
  elementwise("Abs", 6, ({ b, ct, x }) => b.mul(ct, signOf(b, x))),
  /** Sign(X). https://onnx.ai/onnx/operators/onnx__Sign.html */
  locallyConstant("Sign", 9),
  /** Reciprocal(X): Y = 1 / X. https://onnx.ai/onnx/operators/onnx__Reciprocal.html */
  elementwise("Reciprocal", 6, ({ b, ct, y }) => b.neg(b.mul(ct, b.mul(y, y)))), // dX = −dY · Y²
  /** Exp(X): Y = e^X. https://onnx.ai/onnx/operators/onnx__Exp.html */
  elementwise("Exp", 6, ({ b, ct, y }) => b.mul(ct, y)),
  /** Log(X): Y = ln X. https://onnx.ai/onnx/operators/onnx__Log.html */
  elementwise("Log", 6, ({ b, ct, x }) => b.div(ct, x)),
  /** Sqrt(X): Y = √X; the derivative at 0 is infinite. https://onnx.ai/onnx/operators/onnx__Sqrt.html */
  elementwise("Sqrt", 6, ({ b, ct, y }) => b.div(b.scale(ct, 0.5), y)), // dX = dY / 2Y
  /** Erf(X): Y = 2/√π ∫₀^X e^(−t²) dt. https://onnx.ai/onnx/operators/onnx__Erf.html */
  elementwise("Erf", 9, ({ b, ct, x }) => {
    const bell = b.op("Exp", [b.neg(b.mul(x, x))]);
    return b.mul(ct, b.scale(bell, 2 / Math.sqrt(Math.PI))); // dX = dY · 2/√π · e^(−X²)
  }),
  /** Sin(X). https://onnx.ai/onnx/operators/onnx__Sin.html */
  elementwise("Sin", 7, ({ b, ct, x }) => b.mul(ct, b.op("Cos", [x]))),
  /** Cos(X). https://onnx.ai/onnx/operators/onnx__Cos.html */
  elementwise("Cos", 7, ({ b, ct, x }) => b.neg(b.mul(ct, b.op("Sin", [x])))),
  /** Tan(X). https://onnx.ai/onnx/operators/onnx__Tan.html */
  elementwise("Tan", 7, ({ b, ct, y }) => b.mul(ct, b.shift(b.mul(y, y), 1))), // dX = dY (1 + Y²)
  /** Asin(X). https://onnx.ai/onnx/operators/onnx__Asin.html */
  elementwise("Asin", 7, ({ b, ct, x }) => b.div(ct, b.op("Sqrt", [oneMinusSquare(b, x)]))),
  /** Acos(X). https://onnx.ai/onnx/operators/onnx__Acos.html */
  elementwise("Acos", 7, ({ b, ct, x }) => b.neg(b.div(ct, b.op("Sqrt", [oneMinusSquare(b, x)])))),
  /** Atan(X). https://onnx.ai/onnx/operators/onnx__Atan.html */
  elementwise("Atan", 7, ({ b, ct, x }) => b.div(ct, b.shift(b.mul(x, x), 1))),
  /** Sinh(X). https://onnx.ai/onnx/operators/onnx__Sinh.html */
  elementwise("Sinh", 9, ({ b, ct, x }) => b.mul(ct, b.op("Cosh", [x]))),
  /** Cosh(X). https://onnx.ai/onnx/operators/onnx__Cosh.html */
  elementwise("Cosh", 9, ({ b, ct, x }) => b.mul(ct, b.op("Sinh", [x]))),
  /** Asinh(X). https://onnx.ai/onnx/operators/onnx__Asinh.html */
  elementwise("Asinh", 9, ({ b, ct, x }) => b.div(ct, b.op("Sqrt", [b.shift(b.mul(x, x), 1)]))),
  /** Acosh(X). https://onnx.ai/onnx/operators/onnx__Acosh.html */
  elementwise("Acosh", 9, ({ b, ct, x }) => {
    const square = b.mul(b.shift(x, -1), b.shift(x, 1)); // X² − 1 without cancellation near 1
    return b.div(ct, b.op("Sqrt", [square]));
  }),
  /** Atanh(X). https://onnx.ai/onnx/operators/onnx__Atanh.html */
  elementwise("Atanh", 9, ({ b, ct, x }) => b.div(ct, oneMinusSquare(b, x))),
  /** Ceil(X). https://onnx.ai/onnx/operators/onnx__Ceil.html */
  locallyConstant("Ceil", 6),
  /** Floor(X). https://onnx.ai/onnx/operators/onnx__Floor.html */
  locallyConstant("Floor", 6),
  /** Round(X), halves to even. https://onnx.ai/onnx/operators/onnx__Round.html */
  locallyConstant("Round", 11),
  /** IsNaN(X). https://onnx.ai/onnx/operators/onnx__IsNaN.html */
  defineOp({ opType: "IsNaN", opsets: [9, LATEST], infer: broadcastTo("bool"), vjp: "zero" }),
  /** IsInf(X). https://onnx.ai/onnx/operators/onnx__IsInf.html */
  defineOp({ opType: "IsInf", opsets: [10, LATEST], infer: broadcastTo("bool"), vjp: "zero" }),
  /** BitShift(X, Y) of unsigned integers. https://onnx.ai/onnx/operators/onnx__BitShift.html */
  defineOp({ opType: "BitShift", opsets: [11, LATEST], infer: broadcastInputs, vjp: "zero" }),
  /** BitwiseNot(X). https://onnx.ai/onnx/operators/onnx__BitwiseNot.html */
  locallyConstant("BitwiseNot", 18),
  /** BitwiseAnd(A, B). https://onnx.ai/onnx/operators/onnx__BitwiseAnd.html */
  defineOp({ opType: "BitwiseAnd", opsets: [18, LATEST], infer: broadcastInputs, vjp: "zero" }),
  /** BitwiseOr(A, B). https://onnx.ai/onnx/operators/onnx__BitwiseOr.html */
  defineOp({ opType: "BitwiseOr", opsets: [18, LATEST], infer: broadcastInputs, vjp: "zero" }),
  /** BitwiseXor(A, B). https://onnx.ai/onnx/operators/onnx__BitwiseXor.html */
  defineOp({ opType: "BitwiseXor", opsets: [18, LATEST], infer: broadcastInputs, vjp: "zero" }),
];

/** 1 − X² as (1 − X)(1 + X), which does not cancel near ±1. */
function oneMinusSquare(b: OpBuilder, x: Value): Value {
  return b.mul(b.sub(b.scalar(1, x.dtype), x), b.shift(x, 1));
}
