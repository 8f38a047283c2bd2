import { defineOp, LATEST, type OpDef, type PrimitiveOp } from "./define.ts";
import { broadcastDims, broadcastTo } from "./typing-rules.ts";

/** Comparisons, logic, and choice by a condition. */
export const comparisonOps: readonly OpDef[] = [
  /** Equal(A, B). https://onnx.ai/onnx/operators/onnx__Equal.html */
  predicate("Equal", 7),
  /** Greater(A, B). https://onnx.ai/onnx/operators/onnx__Greater.html */
  predicate("Greater", 7),
  /** GreaterOrEqual(A, B). https://onnx.ai/onnx/operators/onnx__GreaterOrEqual.html */
  predicate("GreaterOrEqual", 12),
  /** Less(A, B). https://onnx.ai/onnx/operators/onnx__Less.html */
  predicate("Less", 7),
  /** LessOrEqual(A, B). https://onnx.ai/onnx/operators/onnx__LessOrEqual.html */
  predicate("LessOrEqual", 12),
  /** And(A, B). https://onnx.ai/onnx/operators/onnx__And.html */
  predicate("And", 7),
  /** Or(A, B). https://onnx.ai/onnx/operators/onnx__Or.html */
  predicate("Or", 7),
  /** Xor(A, B). https://onnx.ai/onnx/operators/onnx__Xor.html */
  predicate("Xor", 7),
  /** Not(X). https://onnx.ai/onnx/operators/onnx__Not.html */
  predicate("Not", 1),
  /** Where(condition, X, Y): X where the condition holds, else Y. https://onnx.ai/onnx/operators/onnx__Where.html */
  defineOp({
    opType: "Where",
    opsets: [9, LATEST],
    broadcasts: true,
    infer: (ctx) => [{ dtype: ctx.dtype(1), dims: broadcastDims(ctx) }],
    // A choice, not a product with a mask: what was not chosen gets 0 even where the cotangent is infinite.
    vjp: ({ b, node, ct, needs }) => {
      const [condition, zero] = [node.input(0), b.scalar(0, ct.dtype)];
      return [
        null,
        needs(1) ? b.where(condition, ct, zero) : null,
        needs(2) ? b.where(condition, zero, ct) : null,
      ];
    },
  }),
];

/** An operator that gives booleans, of the broadcast shape of its inputs. */
function predicate(opType: string, since: number): PrimitiveOp {
  return defineOp({ opType, opsets: [since, LATEST], infer: broadcastTo("bool"), vjp: "zero" });
}
