import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { broadcastShapes, formatShape, sizeOf } from "../tensor/shape.ts";
import { defineOp, type InferContext, LATEST, type OpDef, type VjpContext } from "./define.ts";

/** Matrix products. */
export const matmulOps: readonly OpDef[] = [
  /** MatMul(A, B): NumPy's matmul. https://onnx.ai/onnx/operators/onnx__MatMul.html */
  defineOp({ opType: "MatMul", opsets: [1, LATEST], infer: inferMatmul, vjp: matmulVjp }),
];

function inferMatmul(ctx: InferContext): readonly TensorType[] {
  const a = ctx.dims(0);
  const c = ctx.dims(1);
  if (a.length === 0 || c.length === 0) ctx.fail("MatMul takes no scalars");
  const left = a.length === 1 ? [1, ...a] : [...a];
  const right = c.length === 1 ? [...c, 1] : [...c];
  const [m, k] = left.splice(-2);
  const [k2, n] = right.splice(-2);
  if (k !== k2)
    ctx.fail(`input B has shape ${formatShape(c)}, expected K=${k} rows to match A ${formatShape(a)}`);
  const batch =
    broadcastShapes(left, right) ??
    ctx.fail(`batch dimensions of ${formatShape(a)} and ${formatShape(c)} do not broadcast`);
  const dims = [...batch, ...(a.length === 1 ? [] : [m!]), ...(c.length === 1 ? [] : [n!])];
  return [{ dtype: ctx.dtype(0), dims }];
}

function matmulVjp(ctx: VjpContext): readonly (Value | null)[] {
  const { node } = ctx;
  const [a, c] = [node.input(0).dims, node.input(1).dims];
  return a.length >= 2 && c.length === 2 ? matrixVjp(ctx) : batchedVjp(ctx);
}

/** For a matrix B, all leading axes of A are rows: dA = dC · Bᵀ and dB = Aᵀ · dC are one Gemm each. */
function matrixVjp({ b, node, ct, needs }: VjpContext): readonly (Value | null)[] {
  const [a, c] = [node.input(0), node.input(1)];
  const [k, n] = c.dims as [number, number];
  const rows = sizeOf(a.dims.slice(0, -1));
  const grad = b.reshape(ct, [rows, n]);
  return [
    needs(0) ? b.reshape(b.gemm(grad, c, { b: true }), a.dims) : null,
    needs(1) ? b.gemm(b.reshape(a, [rows, k]), grad, { a: true }) : null,
  ];
}

/** dA = dC · Bᵀ, dB = Aᵀ · dC; vectors are taken as matrices of one row or column. */
function batchedVjp({ b, node, ct, needs }: VjpContext): readonly (Value | null)[] {
  const [a, c] = [node.input(0), node.input(1)];
  const left = a.dims.length === 1 ? b.reshape(a, [1, ...a.dims]) : a;
  const right = c.dims.length === 1 ? b.reshape(c, [...c.dims, 1]) : c;
  const batch = ct.dims.slice(
    0,
    ct.dims.length - (a.dims.length === 1 ? 0 : 1) - (c.dims.length === 1 ? 0 : 1),
  );
  const grad = b.reshape(ct, [...batch, left.dims.at(-2)!, right.dims.at(-1)!]);
  return [
    needs(0) ? b.reshape(b.unbroadcast(b.matmul(grad, b.transposeLast(right)), left.dims), a.dims) : null,
    needs(1) ? b.reshape(b.unbroadcast(b.matmul(b.transposeLast(left), grad), right.dims), c.dims) : null,
  ];
}
