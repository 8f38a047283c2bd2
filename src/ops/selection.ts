import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { int64s } from "../tensor/tensor.ts";
import {
  defineComposite,
  defineFolded,
  defineOp,
  type InferContext,
  LATEST,
  type OpDef,
  type VjpContext,
} from "./define.ts";

/** Operators that pick elements by their value, or mark them. */
export const selectionOps: readonly OpDef[] = [
  /** TopK before opset 10: k is an attribute. */
  defineComposite({
    opType: "TopK",
    opsets: [1, 9],
    lower: ({ b, node, input }) =>
      b.ops("TopK", [input(0), b.ints([node.int("k")])], 2, { axis: node.int("axis", -1) }),
  }),
  /** TopK(X, K): values and their indices. https://onnx.ai/onnx/operators/onnx__TopK.html */
  defineOp({ opType: "TopK", opsets: [10, LATEST], reads: [1], infer: inferTopK, vjp: topKVjp }),
  /** OneHot(indices, depth, values = [off, on]). https://onnx.ai/onnx/operators/onnx__OneHot.html */
  defineOp({ opType: "OneHot", opsets: [9, LATEST], reads: [1], infer: inferOneHot, vjp: oneHotVjp }),
  /** Compress(input, condition): the slices where a constant condition holds. https://onnx.ai/onnx/operators/onnx__Compress.html */
  defineComposite({
    opType: "Compress",
    opsets: [9, LATEST],
    reads: [1],
    lower: ({ b, node, input, numbers, axis }) => {
      const condition = numbers(1) ?? node.fail("input 1 (condition) is missing");
      const kept = b.constant(int64s(condition.flatMap((holds, i) => (holds ? [i] : []))));
      const x = node.has("axis") ? input(0) : b.op("Reshape", [input(0), b.ints([-1])]);
      return [b.op("Gather", [x, kept], { axis: axis(node.int("axis", 0), x.dims.length) })];
    },
  }),
  /** NonZero(X): coordinates of the elements that are not zero. https://onnx.ai/onnx/operators/onnx__NonZero.html */
  defineFolded({ opType: "NonZero", opsets: [9, LATEST] }, "how many elements of its input are zero"),
  /** Unique(X): the distinct elements. https://onnx.ai/onnx/operators/onnx__Unique.html */
  defineFolded({ opType: "Unique", opsets: [11, LATEST] }, "how many elements of its input are equal"),
  /** NonMaxSuppression(boxes, scores, …): the boxes kept. https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html */
  defineFolded({ opType: "NonMaxSuppression", opsets: [10, LATEST] }, "how many boxes overlap"),
];

function inferTopK(ctx: InferContext): readonly TensorType[] {
  const dims = [...ctx.dims(0)];
  const axis = ctx.axis(ctx.node.int("axis", -1), dims.length);
  const k = ctx.numbers(1)?.[0] ?? ctx.fail("input 1 (K) is missing");
  if (k > dims[axis]!) ctx.fail(`K is ${k}, but axis ${axis} of [${dims}] has only ${dims[axis]} elements`);
  dims[axis] = k;
  return [
    { dtype: ctx.dtype(0), dims },
    { dtype: "int64", dims },
  ];
}

/** The cotangent of each chosen value goes back to the place it was chosen from. */
function topKVjp({ b, node, ct }: VjpContext): readonly (Value | null)[] {
  const axis = node.int("axis", -1);
  return [b.op("ScatterElements", [b.zerosLike(node.input(0)), node.output(1), ct], { axis }), null];
}

function inferOneHot(ctx: InferContext): readonly TensorType[] {
  const depth = ctx.numbers(1)?.[0] ?? ctx.fail("input 1 (depth) is missing");
  const dims = [...ctx.dims(0)];
  dims.splice(ctx.axis(ctx.node.int("axis", -1), dims.length + 1), 0, depth);
  return [{ dtype: ctx.dtype(2), dims }];
}

/** Each element of the output is the "on" or the "off" value. */
function oneHotVjp({ b, node, ct }: VjpContext): readonly (Value | null)[] {
  const marks = b.concat([b.full([1], 0, ct.dtype), b.full([1], 1, ct.dtype)], 0);
  const isOn = b.op("OneHot", [node.input(0), node.input(1), marks], { axis: node.int("axis", -1) });
  const all = ct.dims.map((_, i) => i);
  const on = b.reduceSum(b.mul(ct, isOn), all, false);
  const off = b.sub(b.reduceSum(ct, all, false), on);
  return [null, null, b.concat([b.reshape(off, [1]), b.reshape(on, [1])], 0)];
}
