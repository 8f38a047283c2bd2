import type { TensorType } from "../onnx/type.ts";
import { sizeOf } from "../tensor/shape.ts";
import { defineOp, type InferContext, LATEST, type OpDef } from "./define.ts";
import { sameAsInput } from "./typing-rules.ts";

/** Operators that pass values on, change their dtype or their shape. */
export const structureOps: readonly OpDef[] = [
  /** Identity(X): Y = X. https://onnx.ai/onnx/operators/onnx__Identity.html */
  defineOp({ opType: "Identity", opsets: [1, LATEST], infer: sameAsInput, vjp: ({ ct }) => [ct] }),
  /** Reshape(data, shape). https://onnx.ai/onnx/operators/onnx__Reshape.html */
  defineOp({
    opType: "Reshape",
    opsets: [5, LATEST],
    reads: [1],
    infer: inferReshape,
    vjp: ({ b, node, ct }) => [b.reshape(ct, node.input(0).dims), null],
  }),
  /** Transpose(data). https://onnx.ai/onnx/operators/onnx__Transpose.html */
  defineOp({
    opType: "Transpose",
    opsets: [1, LATEST],
    infer: (ctx) => {
      const perm = permOf(ctx);
      return [
        {
          dtype: ctx.dtype(0),
          dims: perm.map((p) => ctx.dims(0)[p] ?? ctx.fail(`perm [${perm}] is out of range`)),
        },
      ];
    },
    vjp: ({ b, node, ct }) => {
      const perm = node.ints("perm", reversed(ct.dims.length));
      return [
        b.transpose(
          ct,
          ct.dims.map((_, i) => perm.indexOf(i)),
        ),
      ]; // the inverse permutation
    },
  }),
];

function reversed(rank: number): number[] {
  return Array.from({ length: rank }, (_, i) => rank - 1 - i);
}

function permOf(ctx: InferContext): readonly number[] {
  const rank = ctx.dims(0).length;
  const perm = ctx.node.ints("perm", reversed(rank));
  if (perm.length !== rank || new Set(perm).size !== rank)
    ctx.fail(`perm [${perm}] is no permutation of ${rank} axes`);
  return perm;
}

function inferReshape(ctx: InferContext): readonly TensorType[] {
  const from = ctx.dims(0);
  const target = ctx.numbers(1) ?? ctx.fail("input 1 (shape) is missing");
  const keepsZero = ctx.node.int("allowzero", 0) === 1;
  const dims = target.map((d, i) =>
    d === 0 && !keepsZero
      ? (from[i] ?? ctx.fail(`shape [${target}] copies axis ${i}, which [${from}] lacks`))
      : d,
  );
  const free = dims.indexOf(-1);
  const total = sizeOf(from);
  if (free >= 0) {
    const known = sizeOf(dims.filter((_, i) => i !== free));
    dims[free] = known === 0 ? 0 : total / known;
  }
  if (sizeOf(dims) !== total || dims.some((d) => !Number.isInteger(d) || d < 0)) {
    ctx.fail(`cannot reshape [${from}] (${total} elements) to [${target}]`);
  }
  return [{ dtype: ctx.dtype(0), dims }];
}
