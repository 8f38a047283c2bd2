import { float } from "../onnx/attribute.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { broadcastShapes, formatShape, shapesEqual } from "../tensor/shape.ts";
import { defineOp, type InferContext, LATEST, type OpDef, type VjpContext } from "./define.ts";

export const gemmOps: readonly OpDef[] = [
  /**
   * Gemm(A, B, C): Y = α op(A) op(B) + β C, with C broadcast to Y [M, N]. https://onnx.ai/onnx/operators/onnx__Gemm.html
   * Broadcasting was an attribute before opset 7.
   */
  defineOp({ opType: "Gemm", opsets: [7, LATEST], infer: inferGemm, vjp: gemmVjp }),
];

function inferGemm(ctx: InferContext): readonly TensorType[] {
  const { node } = ctx;
  const [a, c] = [ctx.dims(0), ctx.dims(1)];
  if (a.length !== 2 || c.length !== 2)
    ctx.fail(`inputs A ${formatShape(a)} and B ${formatShape(c)} are not both matrices`);
  const [m, k] = node.int("transA", 0) ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
  const [k2, n] = node.int("transB", 0) ? [c[1]!, c[0]!] : [c[0]!, c[1]!];
  if (k !== k2)
    ctx.fail(`input B has shape ${formatShape(c)}, expected K=${k} rows to match A ${formatShape(a)}`);
  const dims = [m, n];
  if (node.hasInput(2) && !shapesEqual(broadcastShapes(ctx.dims(2), dims) ?? [], dims))
    ctx.fail(
      `input C has shape ${formatShape(ctx.dims(2))}, which does not broadcast to ${formatShape(dims)}`,
    );
  return [{ dtype: ctx.dtype(0), dims }];
}

/** With A' = op(A), B' = op(B): dA' = α dY · B'ᵀ, dB' = α A'ᵀ · dY, dC = β dY; each product reads A and B as they lie. */
function gemmVjp({ b, node, ct, needs }: VjpContext): readonly (Value | null)[] {
  const [a, c] = [node.input(0), node.input(1)];
  const [transA, transB] = [node.int("transA", 0), node.int("transB", 0)];
  const alpha = float(node.float("alpha", 1));
  const product = (left: Value, right: Value, tA: number, tB: number) =>
    b.op("Gemm", [left, right], { alpha, beta: float(1), transA: tA, transB: tB });
  return [
    needs(0) ? (transA ? product(c, ct, transB, 1) : product(ct, c, 0, 1 - transB)) : null,
    needs(1) ? (transB ? product(ct, a, 1, transA) : product(a, ct, 1 - transA, 0)) : null,
    needs(2) ? b.unbroadcast(b.scale(ct, node.float("beta", 1)), node.input(2).dims) : null,
  ];
}
