import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import {
  defineComposite,
  defineOp,
  type InferContext,
  LATEST,
  type OpDef,
  type VjpContext,
} from "./define.ts";
import { sameAsInput } from "./typing-rules.ts";

/** Operators that pass values on, change their dtype or their shape. */
export const structureOps: readonly OpDef[] = [
  /** Identity(X): Y = X. https://onnx.ai/onnx/operators/onnx__Identity.html */
  defineOp({ opType: "Identity", opsets: [1, LATEST], infer: sameAsInput, vjp: ({ ct }) => [ct] }),
  /** Reshape before opset 5: the shape is an attribute. */
  defineComposite({
    opType: "Reshape",
    opsets: [1, 4],
    lower: ({ b, node, input }) => [b.op("Reshape", [input(0), b.ints(node.ints("shape"))])],
  }),
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
  /** Flatten(X): a matrix whose rows run over the axes before `axis`. https://onnx.ai/onnx/operators/onnx__Flatten.html */
  defineOp({ opType: "Flatten", opsets: [1, LATEST], infer: inferFlatten, vjp: reshapeBack }),
  /** Squeeze and Unsqueeze before opset 13: the axes are an attribute. */
  defineComposite({
    opType: "Squeeze",
    opsets: [1, 12],
    lower: ({ b, node, input }) => [
      b.op("Squeeze", node.has("axes") ? [input(0), b.ints(node.ints("axes"))] : [input(0)]),
    ],
  }),
  defineComposite({
    opType: "Unsqueeze",
    opsets: [1, 12],
    lower: ({ b, node, input }) => [b.op("Unsqueeze", [input(0), b.ints(node.ints("axes"))])],
  }),
  /** Squeeze(data, axes): without axes of length 1. https://onnx.ai/onnx/operators/onnx__Squeeze.html */
  defineOp({ opType: "Squeeze", opsets: [13, LATEST], reads: [1], infer: inferSqueeze, vjp: reshapeBack }),
  /** Unsqueeze(data, axes): with new axes of length 1. https://onnx.ai/onnx/operators/onnx__Unsqueeze.html */
  defineOp({
    opType: "Unsqueeze",
    opsets: [13, LATEST],
    reads: [1],
    infer: inferUnsqueeze,
    vjp: reshapeBack,
  }),
];

/** The elements stay where they are in memory; only the shape goes back. */
function reshapeBack({ b, node, ct }: VjpContext): readonly (Value | null)[] {
  return [b.reshape(ct, node.input(0).dims), null];
}

function inferFlatten(ctx: InferContext): readonly TensorType[] {
  const dims = ctx.dims(0);
  const axis = ctx.node.int("axis", 1);
  // The axis counts gaps between dimensions, so it may equal the rank.
  const at = axis < 0 ? axis + dims.length : axis;
  if (at < 0 || at > dims.length) ctx.fail(`axis ${axis} is out of range for rank ${dims.length}`);
  return [{ dtype: ctx.dtype(0), dims: [sizeOf(dims.slice(0, at)), sizeOf(dims.slice(at))] }];
}

function inferSqueeze(ctx: InferContext): readonly TensorType[] {
  const dims = ctx.dims(0);
  const given = ctx.numbers(1);
  const axes = given === null ? null : new Set(given.map((a) => ctx.axis(a, dims.length)));
  for (const axis of axes ?? [])
    if (dims[axis] !== 1) ctx.fail(`cannot remove axis ${axis} of ${formatShape(dims)}: its length is not 1`);
  return [{ dtype: ctx.dtype(0), dims: dims.filter((d, i) => (axes === null ? d !== 1 : !axes.has(i))) }];
}

function inferUnsqueeze(ctx: InferContext): readonly TensorType[] {
  const given = ctx.numbers(1) ?? ctx.fail("input 1 (axes) is missing");
  const rank = ctx.dims(0).length + given.length;
  const axes = new Set(given.map((a) => ctx.axis(a, rank)));
  if (axes.size !== given.length) ctx.fail(`axes [${given}] repeat`);
  const left = [...ctx.dims(0)];
  const dims = Array.from({ length: rank }, (_, i) => (axes.has(i) ? 1 : left.shift()!)); // rank counts both kinds
  return [{ dtype: ctx.dtype(0), dims }];
}

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
