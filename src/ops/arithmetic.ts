import type { Value } from "../onnx/value.ts";
import { defineOp, LATEST, type OpDef, type VjpContext } from "./define.ts";
import { isEqual, isGreater, oneForZero, uniformConstant } from "./rule-parts.ts";
import { broadcastInputs } from "./typing-rules.ts";

/** Sums, products, powers and extremes of broadcast inputs. */
export const arithmeticOps: readonly OpDef[] = [
  /** Add(A, B): C = A + B. https://onnx.ai/onnx/operators/onnx__Add.html */
  defineOp({
    opType: "Add",
    opsets: [7, LATEST],
    broadcasts: true,
    infer: broadcastInputs,
    vjp: ({ ct }) => [ct, ct], // dA = dB = dC
  }),
  /** Sub(A, B): C = A − B. https://onnx.ai/onnx/operators/onnx__Sub.html */
  defineOp({
    opType: "Sub",
    opsets: [7, LATEST],
    broadcasts: true,
    infer: broadcastInputs,
    // dA = dC, dB = −dC; summed before it is negated, since B is often the smaller one.
    vjp: ({ b, node, ct, needs }) => [ct, needs(1) ? b.neg(b.unbroadcast(ct, node.input(1).dims)) : null],
  }),
  /** Mul(A, B): C = A · B. https://onnx.ai/onnx/operators/onnx__Mul.html */
  defineOp({
    opType: "Mul",
    opsets: [7, LATEST],
    broadcasts: true,
    infer: broadcastInputs,
    // dA = dC · B, dB = dC · A; a square has both in one.
    vjp: ({ b, node, ct, needs }) =>
      node.input(0) === node.input(1)
        ? [b.mul(b.scale(ct, 2), node.input(0)), null]
        : [needs(0) ? b.mul(ct, node.input(1)) : null, needs(1) ? b.mul(ct, node.input(0)) : null],
  }),
  /** Div(A, B): C = A / B. https://onnx.ai/onnx/operators/onnx__Div.html */
  defineOp({
    opType: "Div",
    opsets: [7, LATEST],
    broadcasts: true,
    infer: broadcastInputs,
    vjp: ({ b, node, ct, needs }) => [
      needs(0) ? b.div(ct, node.input(1)) : null, // dA = dC / B
      // dB = −dC · C / B; summed before the division, since B is often the smaller one.
      needs(1)
        ? b.neg(b.div(b.unbroadcast(b.mul(ct, node.output()), node.input(1).dims), node.input(1)))
        : null,
    ],
  }),
  /** Pow(X, Y): Z = X^Y, of X's dtype. https://onnx.ai/onnx/operators/onnx__Pow.html */
  defineOp({
    opType: "Pow",
    opsets: [7, LATEST],
    broadcasts: true,
    infer: broadcastInputs,
    vjp: (ctx) => [ctx.needs(0) ? powBase(ctx) : null, ctx.needs(1) ? powExponent(ctx) : null],
  }),
  /** Mod(A, B): the remainder; of floats with `fmod` = 1 only. https://onnx.ai/onnx/operators/onnx__Mod.html */
  defineOp({
    opType: "Mod",
    opsets: [10, LATEST],
    broadcasts: true,
    infer: broadcastInputs,
    vjp: ({ b, node, ct, needs }) => [ct, needs(1) ? b.neg(b.mul(ct, wholeQuotient(node, b))) : null],
  }),
  /** Max(…): the largest of each place. https://onnx.ai/onnx/operators/onnx__Max.html */
  defineOp({ opType: "Max", opsets: [7, LATEST], broadcasts: true, infer: broadcastInputs, vjp: extremeVjp }),
  /** Min(…): the smallest of each place. https://onnx.ai/onnx/operators/onnx__Min.html */
  defineOp({ opType: "Min", opsets: [7, LATEST], broadcasts: true, infer: broadcastInputs, vjp: extremeVjp }),
  /** Sum(…) of any number of inputs. https://onnx.ai/onnx/operators/onnx__Sum.html */
  defineOp({
    opType: "Sum",
    opsets: [7, LATEST],
    broadcasts: true,
    infer: broadcastInputs,
    vjp: ({ node, ct }) => node.inputs.map(() => ct),
  }),
  /** Mean(…) of any number of inputs. https://onnx.ai/onnx/operators/onnx__Mean.html */
  defineOp({
    opType: "Mean",
    opsets: [7, LATEST],
    broadcasts: true,
    infer: broadcastInputs,
    vjp: ({ b, node, ct }) => {
      const part = b.scale(ct, 1 / node.inputs.length);
      return node.inputs.map(() => part);
    },
  }),
];

/** dX = dZ · Y · X^(Y−1), with the exponents of everyday use spelled out in cheaper operators. */
function powBase({ b, node, ct }: VjpContext): Value | null {
  const [x, y, z] = [node.input(0), node.input(1), node.output()];
  const exponent = uniformConstant(y);
  if (exponent === 0) return null;
  if (exponent === 1) return ct;
  if (exponent === 2) return b.mul(b.scale(ct, 2), x);
  if (exponent === 3) return b.mul(b.scale(ct, 3), b.mul(x, x));
  if (exponent === 0.5) return b.div(b.scale(ct, 0.5), z);
  if (exponent !== null) {
    return b.mul(b.scale(ct, exponent), b.op("Pow", [x, b.scalar(exponent - 1, x.dtype)]));
  }
  const e = b.cast(y, x.dtype);
  // Where Y is 0 the result is 0 · X^0, not 0 · X^−1, which is NaN at X = 0.
  const lowered = b.add(b.shift(e, -1), isEqual(b, e, b.scalar(0, x.dtype), x.dtype));
  return b.mul(ct, b.mul(e, b.op("Pow", [x, lowered])));
}

/** dY = dZ · Z · ln X; 0 where X is 0, as PyTorch has it. */
function powExponent({ b, node, ct }: VjpContext): Value {
  const y = node.input(1);
  const log = b.op("Log", [oneForZero(b, node.input(0))]);
  return b.cast(b.mul(ct, b.mul(node.output(), log)), y.dtype);
}

/** (A − A mod B) / B, which is whole but for rounding. */
function wholeQuotient(node: VjpContext["node"], b: VjpContext["b"]): Value {
  const quotient = b.div(b.sub(node.input(0), node.output()), node.input(1));
  return b.op("Floor", [b.shift(quotient, 0.5)]);
}

/** The cotangent goes to the input that was chosen; inputs that tie share it equally, as in PyTorch. */
function extremeVjp({ b, node, ct, needs }: VjpContext): readonly (Value | null)[] {
  if (node.inputs.length === 1) return [ct];
  if (node.inputs.length === 2) {
    const inputs = [node.input(0), node.input(1)] as const;
    const [high, low] = node.opType === "Max" ? inputs : [inputs[1], inputs[0]];
    // ½ (1 + [first wins] − [second wins])
    const lead = b.sub(isGreater(b, high, low, ct.dtype), isGreater(b, low, high, ct.dtype));
    const share = b.shift(b.scale(lead, 0.5), 0.5);
    const first = b.mul(ct, share);
    return [first, needs(1) ? b.sub(ct, first) : null];
  }
  const chosen = node.inputs.map((_, i) => isEqual(b, node.input(i), node.output(), ct.dtype));
  const share = b.div(ct, b.sum(chosen)!); // an operator of three inputs has a sum of three
  return chosen.map((mask) => b.mul(share, mask));
}
